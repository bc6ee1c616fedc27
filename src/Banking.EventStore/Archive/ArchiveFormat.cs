using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Banking.EventStore.Epochs;

namespace Banking.EventStore.Archive;

/// <summary>
/// The format of archive files (docs/archive.md). It is written once and read for ever: a change is a new version, and earlier versions
/// stay readable.
/// </summary>
internal static class ArchiveFormat
{
    public const string Name = "banking-events";

    public const int Version = 1;

    /// <summary>Events in a block, which is compressed for itself. Reading one event reads one block.</summary>
    public const int BlockEvents = 512;

    /// <summary>Where zstd yields little more for much more time.</summary>
    public const int CompressionLevel = 6;

    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>What the members of an event's line are, for a reader without the bank.</summary>
    public static readonly IReadOnlyDictionary<string, string> Schema = new Dictionary<string, string>
    {
        ["position"] = "place in the whole log; lines are in this order",
        ["id"] = "id of the event",
        ["stream"] = "id of the stream, such as an account",
        ["streamType"] = "kind of the stream",
        ["version"] = "place in the stream, from 1 without gaps",
        ["type"] = "stored name and version of the event, which defines its data",
        ["timestamp"] = "when the bank recorded it, UTC",
        ["actor"] = "who asked for it",
        ["correlation"] = "the request that it belongs to",
        ["causation"] = "the message that caused it",
        ["tenant"] = "column tenant_id",
        ["dotnetType"] = "column mt_dotnet_type",
        ["data"] = "the data as stored; an amount is a count of minor units of a currency",
        ["headers"] = "the metadata as stored",
    };

    /// <summary>
    /// The name of a file. Files that a log writes with the same bytes have the same name, so that writing one again changes nothing. Files
    /// with other bytes have another one, and so have those of a copy of the log: each may be deleted without the other.
    /// </summary>
    /// <param name="sha256">SHA-256 of the bytes of the file.</param>
    /// <param name="writer">Where the log lies that writes it.</param>
    public static string NameOf(long first, long last, string sha256, LogPlace writer) =>
        string.Create(CultureInfo.InvariantCulture, $"events-{first:d12}-{last:d12}-{sha256[..12]}{EndOf(writer)}");

    /// <summary>Whether a file was written by the log at a place. Copies and restored logs have its names in their manifests too.</summary>
    public static bool IsFrom(string name, LogPlace place) => name.EndsWith(EndOf(place), StringComparison.Ordinal);

    private static string EndOf(LogPlace place) =>
        $"-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(place.ToString())))[..8]}{ArchiveFile.NameEnd}";
}

/// <summary>The bank that a file comes from.</summary>
/// <param name="Database">Name of the database.</param>
/// <param name="FirstEvent">Id of the first event of the log, which identifies the log.</param>
public sealed record ArchivedBank(string Database, Guid? FirstEvent);

/// <summary>The sum of the amounts of all events in a currency, whatever their direction.</summary>
/// <param name="Minor">In minor units.</param>
public sealed record ArchivedSum(string Currency, int Scale, long Events, decimal Minor);

/// <summary>The first line of a file.</summary>
/// <param name="Archive">Always <see cref="ArchiveFormat.Name"/>.</param>
/// <param name="Format">Version of the format.</param>
/// <param name="Types">Number of events by type.</param>
public sealed record ArchiveHeader(
    string Archive,
    int Format,
    IReadOnlyDictionary<string, string> Schema,
    ArchivedBank Bank,
    long Events,
    long Streams,
    long FirstPosition,
    long LastPosition,
    string FirstRecordedAt,
    string LastRecordedAt,
    IReadOnlyDictionary<string, long> Types,
    IReadOnlyList<ArchivedSum> Sums);

/// <summary>A block of a file, compressed for itself.</summary>
/// <param name="Position">Position of its first event.</param>
/// <param name="Offset">Its first byte in the file.</param>
/// <param name="Sha256">SHA-256 of its bytes in the file. The manifest has it too, and readers compare.</param>
public sealed record ArchiveBlock(long Position, long Offset, int Bytes, string Sha256);

/// <summary>The last line of a file.</summary>
/// <param name="Sha256">SHA-256 of all lines of events, each with its line feed.</param>
public sealed record ArchiveFooter(long Events, string Sha256, IReadOnlyList<ArchiveBlock> Blocks)
{
    public bool IsEqualTo(ArchiveFooter other) =>
        other is not null && Events == other.Events && Sha256 == other.Sha256 && Blocks.SequenceEqual(other.Blocks);
}

/// <summary>A part of a stream in an archive file.</summary>
/// <param name="Sha256">SHA-256 of its lines, each with its line feed.</param>
public sealed record ArchivePart(
    Guid Stream, string? StreamType, long FirstVersion, long LastVersion, long FirstPosition, long LastPosition, string Sha256);

/// <summary>A file is not what its format demands, or not what the manifest says.</summary>
public sealed class ArchiveDamagedException(string message) : Exception(message);
