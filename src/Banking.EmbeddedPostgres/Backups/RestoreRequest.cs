using Npgsql;

namespace Banking.EmbeddedPostgres.Backups;

/// <summary>The state that a restore is to reach.</summary>
public abstract record RestoreTarget
{
    private RestoreTarget()
    {
    }

    /// <summary>All commits of the archive.</summary>
    public sealed record Latest : RestoreTarget;

    /// <summary>The commits up to a time of the database's clock.</summary>
    public sealed record AtTime(DateTimeOffset Time) : RestoreTarget;

    /// <summary>The commits up to the first one that contains a position of the event log.</summary>
    public sealed record AtPosition(long Position) : RestoreTarget;
}

/// <summary>What to restore, and where.</summary>
public sealed record RestoreRequest
{
    public required ArchiveFolder Archive { get; init; }

    public required RestoreTarget Target { get; init; }

    /// <summary>The label of the base backup to use; null for the newest that lies before the target.</summary>
    public string? Base { get; init; }

    /// <summary>The folder of the new cluster. It must not exist, or be empty.</summary>
    public required string Into { get; init; }

    /// <summary>The folder with <c>postgres</c>. Default: search the PATH and the usual folders.</summary>
    public string? BinFolder { get; init; }

    public required string Database { get; init; }

    /// <summary>Reads the last position of the event log.</summary>
    public required Func<NpgsqlConnection, CancellationToken, Task<long>> ReadLastPosition { get; init; }

    /// <summary>Finds the transaction that stored the event at a position (its <c>xmin</c>). Null if there is no such event.</summary>
    public required Func<NpgsqlConnection, long, CancellationToken, Task<string?>> FindTransaction { get; init; }

    /// <summary>Completes the restored database. No host can start it before.</summary>
    public Func<NpgsqlConnection, CancellationToken, Task> Complete { get; init; } = (_, _) => Task.CompletedTask;

    /// <summary>
    /// Free space on the disk of the new cluster that the restore leaves to others. On the disk of the backups, a host with less deletes
    /// them; on the disk of the bank, the bank stops.
    /// </summary>
    public long MinFreeBytes { get; init; }

    public Action<string> Log { get; init; } = _ => { };
}

/// <param name="Base">The base backup that was used.</param>
/// <param name="LastPosition">The last position of the restored event log.</param>
/// <param name="Problems">What is damaged in the backup, and what is missing of the target for this reason.</param>
public sealed record RestoreResult(BackupManifest Base, long LastPosition, IReadOnlyList<string> Problems);
