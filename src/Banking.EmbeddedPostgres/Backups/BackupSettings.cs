using Npgsql;

namespace Banking.EmbeddedPostgres.Backups;

/// <summary>Settings of the backups of one cluster, and what the bank tells about itself.</summary>
public sealed record BackupSettings
{
    private const long Gigabyte = 1024 * 1024 * 1024;

    /// <summary>The folder of the archives. Each cluster and timeline has one below it.</summary>
    public required string Folder { get; init; }

    /// <summary>The database that <see cref="Describe"/> reads.</summary>
    public required string Database { get; init; }

    /// <summary>Reads what a backup says about the bank.</summary>
    public required Func<NpgsqlConnection, CancellationToken, Task<BackupFacts>> Describe { get; init; }

    /// <summary>Time from the end of a base backup to the next one.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromDays(1);

    /// <summary>The number of base backups that are kept at least.</summary>
    public int Keep { get; init; } = 2;

    /// <summary>All states of this time before the newest base backup can be restored.</summary>
    public TimeSpan KeepFor { get; init; } = TimeSpan.FromDays(1);

    /// <summary>A base backup is due earlier once the log behind the last one exceeds this and the size of the last one.</summary>
    public long MaxWalBytes { get; init; } = 16 * Gigabyte;

    /// <summary>Free space on the disk of the backup folder that a backup leaves to others.</summary>
    public long MinFreeBytes { get; init; } = Gigabyte;

    internal TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(5);

    internal TimeSpan CopyInterval { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>What a backup says about the bank.</summary>
/// <param name="FirstPosition">The first position of the event log; 0 if it is empty.</param>
/// <param name="LastPosition">The last position of the event log; 0 if it is empty.</param>
/// <param name="Schema">The fingerprints of the parts of the schema.</param>
public sealed record BackupFacts(
    long FirstPosition, long LastPosition, IReadOnlyDictionary<string, string> Schema, KeyRingName? KeyRing);

/// <summary>Names the key ring that opens the personal data of a backup. The backup does not contain it.</summary>
/// <param name="Keys">The ids of its keys.</param>
public sealed record KeyRingName(string Folder, IReadOnlyList<string> Keys);
