using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Banking.EmbeddedPostgres.Backups;

/// <summary>The content of a base backup, in <c>manifest.json</c> next to its files.</summary>
/// <param name="Start">The log sequence number from which the log is needed.</param>
/// <param name="Stop">The log sequence number up to which the log is needed at least.</param>
/// <param name="Folders">All folders, because tools may drop empty ones.</param>
public sealed record BackupManifest(
    int Format,
    string Label,
    string SystemIdentifier,
    uint Timeline,
    string PostgresVersion,
    DateTimeOffset StartedAt,
    DateTimeOffset FinishedAt,
    string Start,
    string Stop,
    BackupFacts Bank,
    IReadOnlyList<string> Folders,
    IReadOnlyList<BackupFile> Files)
{
    /// <summary>The format that this program writes and reads.</summary>
    public const int CurrentFormat = 1;

    internal ulong StartAt => Wal.Parse(Start);

    internal ulong StopAt => Wal.Parse(Stop);
}

/// <param name="Path">Relative to the cluster's folder, with slashes.</param>
public sealed record BackupFile(string Path, long Bytes, string Sha256);

/// <summary>The content of <c>archive.json</c>: whose log an archive has, and how far it reaches.</summary>
/// <param name="Owner">A random id that only the archived cluster knows, so that a second one cannot write here.</param>
/// <param name="End">The log sequence number up to which the archive has the log.</param>
/// <param name="EndAt">The database's time at which the log ended there.</param>
/// <param name="LastPosition">The last position of the event log at that time.</param>
public sealed record ArchiveState(
    string SystemIdentifier,
    uint Timeline,
    long SegmentBytes,
    string Owner,
    string End,
    DateTimeOffset EndAt,
    long LastPosition) : IJsonOnDeserialized
{
    internal ulong EndLocation => Wal.Parse(End);

    /// <summary>The file has no hash, because it is written with each file of the log.</summary>
    void IJsonOnDeserialized.OnDeserialized()
    {
        if (SegmentBytes is < 1 << 20 or > 1 << 30 || !BitOperations.IsPow2(SegmentBytes) || !Wal.IsLocation(End))
        {
            throw new JsonException("It is not the state of an archive.");
        }
    }
}
