using ZstdSharp;

namespace Banking.EventStore.Archive;

/// <summary>The lines of a compressed file, one after the other.</summary>
internal sealed class ArchiveLines(Stream file) : IAsyncDisposable
{
    private readonly DecompressionStream _content = new(file, leaveOpen: true);
    private byte[] _buffer = new byte[1 << 18];
    private int _start;
    private int _end;

    /// <summary>Returns the next line without its line feed; null at the end.</summary>
    /// <exception cref="InvalidDataException">The last line has no line feed.</exception>
    public async Task<byte[]?> NextAsync(CancellationToken ct)
    {
        var searched = 0;
        while (true)
        {
            if (_buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n') is >= 0 and var at)
            {
                var line = _buffer[_start..(_start + searched + at)];
                _start += searched + at + 1;
                return line;
            }

            searched = _end - _start;
            MakeRoom();
            var read = await _content.ReadAsync(_buffer.AsMemory(_end), ct);
            if (read == 0)
            {
                return searched == 0 ? null : throw new InvalidDataException("the last line is cut off");
            }

            _end += read;
        }
    }

    public ValueTask DisposeAsync() => _content.DisposeAsync();

    private void MakeRoom()
    {
        if (_end < _buffer.Length)
        {
            return;
        }

        var kept = _buffer.AsSpan(_start, _end - _start);
        var target = kept.Length > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
        kept.CopyTo(target);
        (_buffer, _start, _end) = (target, 0, kept.Length);
    }
}
