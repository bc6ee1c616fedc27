using Banking.EmbeddedPostgres.Backups;
using Npgsql;

namespace Banking.EmbeddedPostgres.Tests;

/// <summary>
/// An archive of a cluster with a small log: positions 1 to 3, a base backup, then 4, 5, 7 and 6, each in a transaction of its own.
/// </summary>
public sealed class BackedUpCluster(ClusterFixture clusters) : IAsyncLifetime
{
    private TestFolder folder = null!;

    internal TestFolder Folder => folder;

    internal ArchiveFolder Archive => ArchiveFolder.Find(Path.Combine(Path.GetDirectoryName(folder.Data)!, "backups"));

    /// <summary>The time after position 4.</summary>
    internal DateTimeOffset AfterFour { get; private set; }

    /// <summary>The time after position 7, without any later commit.</summary>
    internal DateTimeOffset AfterSeven { get; private set; }

    internal BackupSettings Settings => new()
    {
        Folder = Path.Combine(Path.GetDirectoryName(folder.Data)!, "backups"),
        Database = "postgres",
        CopyInterval = TimeSpan.FromMilliseconds(20),
        Describe = async (connection, ct) =>
            new(1, await ReadLastAsync(connection, ct), new Dictionary<string, string> { ["store"] = "1" }, new("/keys", ["one"])),
    };

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The fixture copies a cluster with cp.");
        folder = await clusters.CopyAsync();
        await using var cluster = await folder.StartAsync();
        await Sql.ExecuteAsync(cluster, "postgres", "create table log (seq_id bigint primary key); insert into log values (1), (2), (3)");
        var backups = ClusterBackups.Start(cluster, Settings, TimeSpan.MaxValue, _ => { }, _ => { });
        await backups.TakeAsync(TestContext.Current.CancellationToken);
        await Sql.ExecuteAsync(cluster, "postgres", "insert into log values (4)");
        AfterFour = (DateTime)(await Sql.ScalarAsync(cluster, "postgres", "select clock_timestamp()"))!;
        await Sql.ExecuteAsync(cluster, "postgres", "select pg_switch_wal()");
        await Sql.ExecuteAsync(cluster, "postgres", "insert into log values (5)");
        await InsertInReverseOrderAsync(cluster);
        AfterSeven = (DateTime)(await Sql.ScalarAsync(cluster, "postgres", "select clock_timestamp()"))!;
        // Copies the rest of the log. The server still runs.
        await backups.DisposeAsync();
    }

    /// <summary>Position 6 is drawn first and committed last.</summary>
    private static async Task InsertInReverseOrderAsync(PostgresCluster cluster)
    {
        await using var source = NpgsqlDataSource.Create(cluster.ConnectionString("postgres"));
        await using var connection = await source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var insert = new NpgsqlCommand("insert into log values (6)", connection, transaction);
        await insert.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await Sql.ExecuteAsync(cluster, "postgres", "insert into log values (7)");
        await transaction.CommitAsync(TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    internal RestoreRequest Request(RestoreTarget target, string into, ArchiveFolder? archive = null) => new()
    {
        Archive = archive ?? Archive,
        Target = target,
        Into = into,
        Database = "postgres",
        ReadLastPosition = ReadLastAsync,
        FindTransaction = async (connection, position, ct) =>
        {
            await using var command = new NpgsqlCommand("select xmin::text from log where seq_id = $1", connection);
            command.Parameters.Add(new() { Value = position });
            return (string?)await command.ExecuteScalarAsync(ct);
        },
    };

    private static async Task<long> ReadLastAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("select max(seq_id) from log", connection);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }
}
