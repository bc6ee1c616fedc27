using System.Text.Json.Serialization;

namespace Banking.Web.Backups;

/// <summary>The backups of the bank, as the host that owns the private cluster sees them.</summary>
/// <param name="Managed">Whether the bank makes the backups: of its private cluster, unless they are turned off.</param>
/// <param name="Folder">The folder of the backups; absent if the bank makes none.</param>
/// <param name="Archive">How far the archived log reaches; absent until it was written for the first time.</param>
/// <param name="Restorable">The states that can be restored; absent without a base backup.</param>
/// <param name="AgeSeconds">Seconds since the end of the last base backup; absent without one.</param>
/// <param name="IsRunning">Whether a base backup is being taken.</param>
/// <param name="Problem">Why the log is not archived, or why the last base backup failed; absent if neither.</param>
/// <param name="LastDrill">The last restore that was tried out; absent before the first one.</param>
/// <param name="Items">The finished base backups, the newest first.</param>
public sealed record BackupsView(
    bool Managed,
    string? Folder,
    ArchiveView? Archive,
    RestorableView? Restorable,
    double? AgeSeconds,
    [property: JsonPropertyName("running")] bool IsRunning,
    string? Problem,
    DrillView? LastDrill,
    IReadOnlyList<BackupView> Items);

/// <summary>The states that can be restored: all from one to another, or to the last of them only, if log is missing behind it.</summary>
/// <param name="From">The database's time of the first state.</param>
/// <param name="FromPosition">The last position of the event log in the first state.</param>
/// <param name="UpTo">The database's time of the last state.</param>
/// <param name="UpToPosition">The last position of the event log that the last state has at least.</param>
public sealed record RestorableView(DateTimeOffset From, long FromPosition, DateTimeOffset UpTo, long UpToPosition);

/// <summary>How far the archived log reaches.</summary>
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

/// <summary>Lets operators see the backups, and begin one. The host of a private cluster sets how.</summary>
public sealed class BackupWatch
{
    private static readonly BackupsView None = new(false, null, null, null, null, false, null, null, []);

    private Func<BackupsView> _read = () => None;
    private Func<bool> _begin = () => false;

    public BackupsView Read() => _read();

    /// <summary>Begins a base backup. False if one is running, or if the bank makes no backups.</summary>
    public bool TryBegin() => _begin();

    public void Use(Func<BackupsView> read, Func<bool> begin) => (_read, _begin) = (read, begin);
}
