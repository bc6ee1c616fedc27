using System.Security.Cryptography;
using System.Text.Json;
using Banking.EventStore.Epochs;
using ZstdSharp;

namespace Banking.EventStore.Archive;

/// <summary>A finished file, before it is stored.</summary>
/// <param name="Sha256">SHA-256 of the bytes of the file.</param>
public sealed record ArchiveFile(
    string Name, byte[] Content, string Sha256, ArchiveHeader Header, ArchiveFooter Footer, IReadOnlyList<ArchivePart> Parts)
{
    public const string NameEnd = ".jsonl.zst";
}

/// <summary>
/// Writes events into a file: a line for the header, one for each event, and one for the footer. Header, blocks of events and footer are
/// zstd frames that follow each other, which every zstd tool reads as one file.
/// </summary>
internal sealed class ArchiveFileWriter : IDisposable
{
    private readonly Compressor _compressor = new(ArchiveFormat.CompressionLevel);
    private readonly ArchiveTotals _totals = new();
    private readonly MemoryStream _block = new();
    private readonly MemoryStream _body = new();
    private readonly List<ArchiveBlock> _blocks = [];
    private long _blockStart;
    private int _blockEvents;

    public long Events => _totals.Events;

    /// <summary>Adds the next event in the order of positions.</summary>
    public void Add(ArchivedEvent e)
    {
        var line = e.ToLine();
        _totals.Add(e, line);
        _blockStart = _blockEvents++ == 0 ? e.Position : _blockStart;
        _block.Write(line);
        _block.WriteByte((byte)'\n');
        if (_blockEvents == ArchiveFormat.BlockEvents)
        {
            CloseBlock();
        }
    }

    /// <param name="writer">Where the log lies that the events are from.</param>
    public ArchiveFile Complete(ArchivedBank bank, LogPlace writer)
    {
        CloseBlock();
        var header = _totals.Header(bank);
        var start = _compressor.Wrap(Line(header)).ToArray();
        var footer = new ArchiveFooter(
            _totals.Events, _totals.Sha256(), [.. _blocks.Select(b => b with { Offset = b.Offset + start.Length })]);
        byte[] content = [.. start, .. _body.GetBuffer().AsSpan(0, (int)_body.Length), .. _compressor.Wrap(Line(footer))];
        var sha256 = Hash(content);
        var name = ArchiveFormat.NameOf(header.FirstPosition, header.LastPosition, sha256, writer);
        return new(name, content, sha256, header, footer, _totals.Parts());
    }

    public void Dispose()
    {
        _compressor.Dispose();
        _totals.Dispose();
    }

    private void CloseBlock()
    {
        if (_blockEvents == 0)
        {
            return;
        }

        var compressed = _compressor.Wrap(_block.GetBuffer().AsSpan(0, (int)_block.Length));
        _blocks.Add(new(_blockStart, _body.Length, compressed.Length, Hash(compressed)));
        _body.Write(compressed);
        _block.SetLength(0);
        _blockEvents = 0;
    }

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static byte[] Line<T>(T value) => [.. JsonSerializer.SerializeToUtf8Bytes(value, ArchiveFormat.Json), (byte)'\n'];
}
