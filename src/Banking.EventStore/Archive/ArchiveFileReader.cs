using System.Security.Cryptography;
using System.Text.Json;
using ZstdSharp;

namespace Banking.EventStore.Archive;

/// <summary>What a file has, after all of it was read and checked.</summary>
/// <param name="Sha256">SHA-256 of the bytes of the file.</param>
public sealed record CheckedArchive(
    ArchiveHeader Header, ArchiveFooter Footer, IReadOnlyList<ArchivePart> Parts, string Sha256, long Bytes);

/// <summary>Reads a whole file and checks it: it needs neither a database nor the manifest.</summary>
public static class ArchiveFileReader
{
    /// <param name="each">Called for each event with its line, in the order of positions.</param>
    /// <exception cref="ArchiveDamagedException">The file is damaged, or of a format that this version cannot read.</exception>
    public static async Task<CheckedArchive> CheckAsync(Stream file, Func<ArchivedEvent, byte[], ValueTask> each, CancellationToken ct)
    {
        using var totals = new ArchiveTotals();
        await using var hashing = new HashingStream(file);
        await using var lines = new ArchiveLines(hashing);
        var first = await NextAsync(lines, ct) ?? throw new ArchiveDamagedException("The file is empty.");
        var header = Parse<ArchiveHeader>(first, "first");
        if (header.Archive != ArchiveFormat.Name || header.Format != ArchiveFormat.Version)
        {
            throw new ArchiveDamagedException($"This version of the bank cannot read format {header.Format} of {header.Archive}.");
        }

        var line = await NextAsync(lines, ct);
        for (; line is not null && line.AsSpan().StartsWith(ArchivedEvent.LineStart); line = await NextAsync(lines, ct))
        {
            var e = ArchivedEvent.Parse(line);
            totals.Add(e, line);
            await each(e, line);
        }

        var footer = Parse<ArchiveFooter>(line ?? throw new ArchiveDamagedException("The file ends before its last line."), "last");
        if (await NextAsync(lines, ct) is not null)
        {
            throw new ArchiveDamagedException("The file has content after its footer.");
        }

        Compare(header, footer, totals);
        return new(header, footer, totals.Parts(), await hashing.FinishAsync(ct), hashing.Bytes);
    }

    private static async Task<byte[]?> NextAsync(ArchiveLines lines, CancellationToken ct)
    {
        try
        {
            return await lines.NextAsync(ct);
        }
        catch (Exception failure) when (failure is ZstdException or EndOfStreamException or InvalidDataException)
        {
            throw new ArchiveDamagedException($"The file cannot be decompressed: {failure.Message}");
        }
    }

    private static void Compare(ArchiveHeader header, ArchiveFooter footer, ArchiveTotals totals)
    {
        var counted = totals.Header(header.Bank);
        if (Text(counted with { Schema = header.Schema }) != Text(header))
        {
            throw new ArchiveDamagedException($"The header says {Text(header)}, but the events give {Text(counted)}.");
        }

        if (footer.Events != totals.Events || footer.Sha256 != totals.Sha256())
        {
            throw new ArchiveDamagedException("The hash or the number of the events is not that of the last line.");
        }
    }

    private static string Text(ArchiveHeader header) => JsonSerializer.Serialize(header, ArchiveFormat.Json);

    private static T Parse<T>(byte[] line, string which)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(line, ArchiveFormat.Json) ?? throw new JsonException("It is null.");
        }
        catch (JsonException failure)
        {
            throw new ArchiveDamagedException($"The {which} line cannot be read: {failure.Message}");
        }
    }

    /// <summary>Hashes what is read.</summary>
    private sealed class HashingStream(Stream inner) : Stream
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public long Bytes { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        /// <summary>Reads what the decompression left unread, and returns the hash of all bytes.</summary>
        public async Task<string> FinishAsync(CancellationToken ct)
        {
            var rest = new byte[4_096];
            while (await ReadAsync(rest, ct) > 0)
            {
            }

            return Convert.ToHexStringLower(_hash.GetHashAndReset());
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            return Add(buffer.Span, read);
        }

        public override int Read(byte[] buffer, int offset, int count) =>
            Add(buffer.AsSpan(offset), inner.Read(buffer, offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            _hash.Dispose();
            base.Dispose(disposing);
        }

        private int Add(ReadOnlySpan<byte> buffer, int read)
        {
            _hash.AppendData(buffer[..read]);
            Bytes += read;
            return read;
        }
    }
}
