using System.Buffers.Text;
using ZstdSharp;

namespace Banking.EventStore.Archive;

/// <summary>The lines of a block. A line is parsed when its event is needed.</summary>
internal sealed class ArchiveBlockContent
{
    private readonly byte[] _lines;
    private readonly List<(long Position, int Start, int Length)> _index = [];

    private ArchiveBlockContent(byte[] lines) => _lines = lines;

    /// <exception cref="ArchiveDamagedException">The block is damaged.</exception>
    public static ArchiveBlockContent Decompress(string file, byte[] compressed)
    {
        try
        {
            using var decompressor = new Decompressor();
            var block = new ArchiveBlockContent(decompressor.Unwrap(compressed).ToArray());
            block.FindLines();
            return block;
        }
        catch (Exception failure) when (failure is ZstdException or FormatException)
        {
            throw new ArchiveDamagedException($"A block of the archive file {file} cannot be read: {failure.Message}");
        }
    }

    /// <summary>Returns the event at a position; null if the block has none.</summary>
    public ArchivedEvent? Find(long position)
    {
        var (low, high) = (0, _index.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _index[middle].Position < position ? (middle + 1, high) : (low, middle);
        }

        return low < _index.Count && _index[low].Position == position
            ? ArchivedEvent.Parse(_lines.AsMemory(_index[low].Start, _index[low].Length))
            : null;
    }

    private void FindLines()
    {
        for (var start = 0; start < _lines.Length;)
        {
            var rest = _lines.AsSpan(start);
            var length = rest.IndexOf((byte)'\n');
            if (length < 0
                || !rest.StartsWith(ArchivedEvent.LineStart)
                || !Utf8Parser.TryParse(rest[ArchivedEvent.LineStart.Length..], out long position, out _))
            {
                throw new FormatException("it has a line that is not an event");
            }

            _index.Add((position, start, length));
            start += length + 1;
        }
    }
}
