using Banking.EmbeddedPostgres;
using Banking.EmbeddedPostgres.Backups;
using Banking.EventStore.Archive;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.Host.Database;
using Banking.Host.Hosting;
using Banking.Host.Security;
using Banking.Web.Backups;
using Npgsql;

namespace Banking.Host.Backups;

/// <summary>The backups of the private cluster: what they say about the bank, and what operators see of them.</summary>
internal static class BankBackups
{
    internal const long Gigabyte = 1024 * 1024 * 1024;

    /// <summary>A short run, such as a test, makes no base backup.</summary>
    public static readonly TimeSpan FirstAfter = TimeSpan.FromSeconds(20);

    public static ClusterBackups Start(
        PostgresCluster cluster,
        string dataFolder,
        BackupOptions options,
        KeyRingFolder keys,
        TimeSpan firstAfter,
        Action<string> log,
        Action<string> warn) =>
        ClusterBackups.Start(
            cluster,
            new()
            {
                Folder = options.FolderIn(dataFolder),
                Database = BankDatabase.Name,
                Interval = TimeSpan.FromMinutes(options.IntervalMinutes),
                Keep = options.Keep,
                KeepFor = TimeSpan.FromDays(options.KeepDays),
                MaxWalBytes = options.MaxLogGigabytes * Gigabyte,
                MinFreeBytes = options.MinFreeGigabytes * Gigabyte,
                Describe = (connection, ct) => DescribeAsync(connection, keys, ct),
            },
            firstAfter,
            log,
            warn);

    public static Task<long> ReadLastPositionAsync(NpgsqlConnection connection, CancellationToken ct) =>
        connection.ScalarAsync<long>($"select coalesce(max(seq_id), 0) from {SchemaNames.Events}.mt_events", [], ct);

    /// <exception cref="BackupException">The event was archived, which changed its row: who stored it is not known.</exception>
    public static async Task<string?> FindTransactionAsync(NpgsqlConnection connection, long position, CancellationToken ct)
    {
        var archived = await connection.ScalarAsync<bool>($"select to_regclass('{ArchiveManifest.PartTable}') is not null", [], ct)
            ? $"exists (select from {ArchiveManifest.PartTable} p where p.stream = e.stream_id "
                + "and e.version between p.first_version and p.last_version)"
            : "false";
        var found = await connection.ListAsync(
            $"select xmin::text, {StoredEvents.Time("timestamp")}, {archived} from {SchemaNames.Events}.mt_events e where seq_id = $1",
            [position],
            row => (Transaction: row.GetString(0), RecordedAt: row.GetFieldValue<DateTimeOffset>(1), IsArchived: row.GetBoolean(2)),
            ct);
        return found is not [var e] ? null
            : !e.IsArchived ? e.Transaction
            : throw new BackupException(
                $"The event at position {position} was archived, so the transaction that stored it is not known any more. "
                    + $"It was recorded at {e.RecordedAt.UtcDateTime:O}: name that time, or a position that is not archived.");
    }

    public static BackupsView View(BackupStatus status, RestoreDrilled? drill, DateTimeOffset now)
    {
        return new(
            Managed: true,
            status.Folder,
            status.Archive is { } archive
                ? new(archive.LastPosition, archive.EndAt, Seconds(now - archive.EndAt), archive.End)
                : null,
            status switch
            {
                { Bases: [.., var newest], HasGap: true } => new(
                    status.Bases[0].FinishedAt, status.Bases[0].Bank.LastPosition, newest.FinishedAt, newest.Bank.LastPosition),
                { Bases: [var oldest, ..], Archive: { } end } => new(
                    oldest.FinishedAt, oldest.Bank.LastPosition, end.EndAt, end.LastPosition),
                _ => null,
            },
            status.Bases is [.., var last] ? Seconds(now - last.FinishedAt) : null,
            status.IsRunning,
            status.Problem,
            drill is null ? null : new(drill.EffectiveAt, drill.Succeeded, Math.Round(drill.Milliseconds / 1000.0, 1), drill.Report),
            [
                .. status.Bases.Reverse().Select(b => new BackupView(
                    b.Label, b.StartedAt, b.FinishedAt, b.Bank.FirstPosition, b.Bank.LastPosition, b.Files.Sum(f => f.Bytes),
                    b.PostgresVersion, b.Bank.KeyRing?.Keys ?? [])),
            ]);
    }

    private static async Task<BackupFacts> DescribeAsync(NpgsqlConnection connection, KeyRingFolder keys, CancellationToken ct)
    {
        var ends = await connection.ListAsync(
            $"select coalesce(min(seq_id), 0), coalesce(max(seq_id), 0) from {SchemaNames.Events}.mt_events",
            [],
            row => (First: row.GetInt64(0), Last: row.GetInt64(1)),
            ct);
        var schema = await connection.ListAsync(
            $"select name, fingerprint from {SchemaPart.Table}", [], row => (Name: row.GetString(0), Print: row.GetString(1)), ct);
        return new(ends[0].First, ends[0].Last, schema.ToDictionary(s => s.Name, s => s.Print), new(keys.Path, keys.FindKeys()));
    }

    private static double Seconds(TimeSpan time) => Math.Round(Math.Max(0, time.TotalSeconds), 1);
}
