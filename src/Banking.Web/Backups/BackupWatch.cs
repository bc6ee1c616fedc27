using System.Text.Json.Serialization;

namespace Banking.Web.Backups;

/// <summary>The backups of the bank, as the host that owns the private cluster sees them.</summary>
/// <param name="Managed">Whether the bank makes the backups: of its private cluster, unless they are turned off.</param>
/// <param name="Folder">The folder of the backups; absent if the bank makes none.</param>
/// <param name="Archive">How far the archived log reaches; absent until it was written for the first time.</param>
/// <param name="AgeSeconds">Seconds since the end of the last base backup; absent without one.</param>
/// <param name="IsRunning">Whether a base backup is being taken.</param>
/// <param name="Problem">Why the log is not archived, or why the last base backup failed; absent if neither.</param>
/// <param name="LastDrill">The last restore that was tried out; absent before the first one.</param>
/// <param name="Items">The finished base backups, the newest first.</param>
public sealed record BackupsView(
    bool Managed,
    string? Folder,
    ArchiveView? Archive,
    double? AgeSeconds,
    [property: JsonPropertyName("running")] bool IsRunning,
    string? Problem,
    DrillView? LastDrill,
    IReadOnlyList<BackupView> Items);

/// <summary>How far the archived log reaches: to here the bank can be restored.</summary>
/// <param name="Position">The last position of the event log that it has at least.</param>
/// <param name="At">The database's time up to which it has all commits.</param>
/// <param name="LagSeconds">Seconds since then: what a lost machine would lose.</param>
/// <param name="Location">PostgreSQL's log sequence number.</param>
public sealed record ArchiveView(long Position, DateTimeOffset At, double LagSeconds, string Location);

/// <summary>A drill: the newest backup was restored into a scratch folder, and all of it compared with its log.</summary>
/// <param name="Report">What the restore printed.</param>
public sealed record DrillView(DateTimeOffset At, bool Succeeded, double Seconds, string Report);

/// <summary>A base backup.</summary>
/// <param name="FirstPosition">The first position of the event log; 0 if it was empty.</param>
/// <param name="LastPosition">The last position of the event log; 0 if it was empty.</param>
/// <param name="Keys">The ids of the keys that the key ring had. The backup does not contain them.</param>
public sealed record BackupView(
    string Label,
    DateTimeOffset StartedAt,
    DateTimeOffset FinishedAt,
    long FirstPosition,
    long LastPosition,
    long Bytes,
    string PostgresVersion,
    IReadOnlyList<string> Keys);

/// <summary>Lets operators see the backups. The host of a private cluster sets how they are read.</summary>
public sealed class BackupWatch
{
    private static readonly BackupsView None = new(false, null, null, null, false, null, null, []);

    private Func<BackupsView> _read = () => None;

    public BackupsView Read() => _read();

    public void Use(Func<BackupsView> read) => _read = read;
}
