using System.Runtime.InteropServices;
using System.Text.Json;
using Banking.EmbeddedPostgres;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>Runs all scenarios in sequence on one cluster. Compare only the rows of one run with each other.</summary>
internal sealed class Suite(Options options, PostgresCluster cluster)
{
    /// <summary>The opening balance of each account, in cents.</summary>
    public const long Balance = 1_000_000_00;

    /// <summary>
    /// Server settings that operations.md recommends: the write-ahead log recycles its files, and checkpoints are triggered by time. With
    /// the default size of one gigabyte a checkpoint is always running, and a transfer costs up to a quarter more.
    /// </summary>
    private static readonly Dictionary<string, string> Server = new()
    {
        ["max_connections"] = "400",
        ["min_wal_size"] = "16GB",
        ["max_wal_size"] = "16GB",
        ["checkpoint_timeout"] = "15min",
    };

    /// <summary>The number of 16 MB log files that the load fills between two checkpoints.</summary>
    private const int LogFiles = 550;

    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly RunResults _results = new(options);

    public static async Task<int> RunAsync(Options options)
    {
        var folder = Directory.CreateTempSubdirectory("banking-bench-");
        if (!OperatingSystem.IsWindows())
        {
            // A root host's cluster runs as another user, who needs access to the folder.
            folder.UnixFileMode |= UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        }

        int code;
        await using (
            var cluster = await PostgresCluster.StartAsync(
                new()
                {
                    DataFolder = Path.Combine(folder.FullName, "postgres"),
                    Parameters = Server
                        .Concat(Profile.Parameters.Where(_ => options.Profile))
                        .Concat(options.Set)
                        .GroupBy(p => p.Key)
                        .ToDictionary(p => p.Key, p => p.Last().Value),
                }))
        {
            code = await new Suite(options, cluster).RunAsync();
        }

        folder.Delete(recursive: true);
        return code;
    }

    private async Task<int> RunAsync()
    {
        if (!options.Trial)
        {
            await PrepareWriteAheadLogAsync();
        }

        await using var bare = new BareSql(await cluster.CreateSourceAsync("bare", pool: 300));
        if (options.Includes("bare-sql"))
        {
            await bare.CreateAsync(options.Accounts, Balance);
        }

        var transfers = new TransferScenarios(options, cluster, _results, bare);
        await transfers.RunBareAsync(16);
        await new Alternatives(options, cluster, _results).RunAsync(Balance);
        await transfers.RunAsync();
        await transfers.RunAloneAsync();
        await new ReadSide(options, cluster, _results).RunAsync();
        await new Publication(options, cluster, _results).RunAsync(Balance);
        await new Growth(options, cluster, _results, transfers).RunAsync();
        await new IdleReaders(options, cluster, _results).RunAsync(Balance);
        if (options.Json)
        {
            WriteJson(transfers.StartToReadySeconds);
        }

        return _results.Conserved ? 0 : 1;
    }

    /// <summary>
    /// Creates the files of the write-ahead log and recycles them, as on a server that has run for a while. A new server creates two or
    /// three files per second under this load, and each delays every commit by 30 to 60 ms.
    /// </summary>
    private async Task PrepareWriteAheadLogAsync()
    {
        await using var source = NpgsqlDataSource.Create(cluster.ConnectionString("postgres"));
        await using var fill = source.CreateCommand("select pg_logical_emit_message(false, 'bench', 'next'), pg_switch_wal()");
        for (var i = 0; i < LogFiles; i++)
        {
            await fill.ExecuteNonQueryAsync();
        }

        await using var recycle = source.CreateCommand("checkpoint");
        await recycle.ExecuteNonQueryAsync();
    }

    private void WriteJson(double startToReadySeconds)
    {
        var settings = new
        {
            seconds = options.Seconds,
            accounts = options.Accounts,
            postgres = cluster.Version,
            fsync = "on",
            synchronousCommit = "on",
            startToReadySeconds,
        };
        var machine = new
        {
            cores = Environment.ProcessorCount,
            os = RuntimeInformation.OSDescription,
            runtime = RuntimeInformation.FrameworkDescription,
        };
        Console.WriteLine(JsonSerializer.Serialize(new { machine, settings, scenarios = _results.Rows }, Indented));
    }
}
