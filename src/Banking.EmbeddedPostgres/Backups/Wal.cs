using System.Globalization;
using NpgsqlTypes;

namespace Banking.EmbeddedPostgres.Backups;

/// <summary>Names of files of the write-ahead log, and log sequence numbers as text.</summary>
internal static class Wal
{
    private const long FourGigabytes = 1L << 32;

    public static string FileName(uint timeline, long segment, long segmentBytes)
    {
        var perLog = FourGigabytes / segmentBytes;
        return string.Create(CultureInfo.InvariantCulture, $"{timeline:X8}{segment / perLog:X8}{segment % perLog:X8}");
    }

    /// <summary>The number of the segment in a file name. Null if it is not the name of a complete segment.</summary>
    public static long? Segment(string fileName, long segmentBytes) =>
        fileName.Length == 24
        && uint.TryParse(fileName.AsSpan(8, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var log)
        && uint.TryParse(fileName.AsSpan(16, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var part)
            ? (log * (FourGigabytes / segmentBytes)) + part
            : null;

    public static bool IsLocation(string text) => NpgsqlLogSequenceNumber.TryParse(text, out _);

    public static ulong Parse(string location) => (ulong)NpgsqlLogSequenceNumber.Parse(location);

    public static string Format(ulong location) => new NpgsqlLogSequenceNumber(location).ToString();
}
