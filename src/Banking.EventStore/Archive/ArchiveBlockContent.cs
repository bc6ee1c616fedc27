using System.Buffers.Text;
using System.Security.Cryptography;
using ZstdSharp;

namespace Banking.EventStore.Archive;

/// <summary>The lines of a block. A line is parsed when its event is needed.</summary>
internal sealed class ArchiveBlockContent
{
    private readonly byte[] _lines;
    private readonly List<(long Position, int Start, int Length)> _index = [];

    private ArchiveBlockContent(byte[] lines) => _lines = lines;

    /// <summary>Bytes in memory.</summary>
    public int Bytes => _lines.Length;

    /// <summary>
    /// Reads a block and compares its bytes with the hash that the manifest has of it: who can write to the storage cannot change what the
    /// bank reads. Blocks; see <see cref="IArchiveStorage.Read"/>.
    /// </summary>
    /// <exception cref="ArchiveDamagedException">The file is shorter than the manifest says, or the block has other bytes.</exception>
    /// <exception cref="IOException">The storage cannot be read.</exception>
    public static ArchiveBlockContent Read(IArchiveStorage storage, ManifestFile file, ArchiveBlock block)
    {
        try
        {
            var compressed = storage.Read(file.Name, block.Offset, block.Bytes);
            if (Convert.ToHexStringLower(SHA256.HashData(compressed)) != block.Sha256)
            {
                throw new FormatException("it has another hash than the manifest names");
            }

            using var decompressor = new Decompressor();
            var content = new ArchiveBlockContent(decompressor.Unwrap(compressed).ToArray());
            content.FindLines();
            return content;
        }
        catch (EndOfStreamException)
        {
            throw new ArchiveDamagedException($"The archive file {file.Name} is shorter than the {file.Bytes} bytes of the manifest.");
        }
        catch (Exception failure) when (failure is ZstdException or FormatException)
        {
            throw new ArchiveDamagedException(
                $"The block at byte {block.Offset} of the archive file {file.Name} cannot be read: {failure.Message}.");
        }
    }

    /// <summary>All events of the block.</summary>
    public IEnumerable<ArchivedEvent> Events() => _index.Select(l => ArchivedEvent.Parse(_lines.AsMemory(l.Start, l.Length)));

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
