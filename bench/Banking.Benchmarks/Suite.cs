using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Banking.EmbeddedPostgres;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>All scenarios, one after the other, on one cluster, in one run: only ratios within a run mean anything.</summary>
internal sealed class Suite(Options options, PostgresCluster cluster)
{
    /// <summary>
    /// The server is one that operators set up for it (docs/operations.md): files of its write-ahead log are there and used again, and
    /// checkpoints come by time. With those that come by the default gigabyte there is always one under way, and a transfer costs a fifth
    /// to a quarter more.
    /// </summary>
    private static readonly Dictionary<string, string> Server = new()
    {
        ["max_connections"] = "400",
        ["min_wal_size"] = "16GB",
        ["max_wal_size"] = "16GB",
        ["checkpoint_timeout"] = "15min",
    };

    /// <summary>Of 16 MB: those that there are between two checkpoints.</summary>
    private const int LogFiles = 550;

    private const long Balance = 1_000_000_00;
    private readonly List<Row> _rows = [];

    private TimeSpan Duration => TimeSpan.FromSeconds(options.Seconds);

    private TimeSpan WarmUp => options.WarmUp;

    public static async Task<int> RunAsync(Options options)
    {
        var folder = Directory.CreateTempSubdirectory("banking-bench-");
        if (!OperatingSystem.IsWindows())
        {
            // A cluster of root runs as somebody else, who must get in.
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

    private bool Wanted(string name) => options.Only.Count == 0 || options.Only.Contains(name);

    /// <summary>
    /// Makes the write-ahead log of a server that has been at work for a while: its files are there and used again. Of a new one they are
    /// made while it works, two or three a second under this load, and each holds up every commit for 30 to 60 ms.
    /// </summary>
    private async Task AgeAsync()
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

    private async Task<int> RunAsync()
    {
        await AgeAsync();
        await using var bare = new BareSql(await DatabaseAsync("bare", pool: 300));
        if (Wanted("bare-sql"))
        {
            await bare.CreateAsync(options.Accounts, Balance);
        }

        await BareAsync(bare, 16);
        await new Alternatives(options, cluster, AddAsync).RunAsync(Balance);
        await OursAsync(bare);
        await AloneAsync(bare);
        await new ReadSide(options, cluster, _rows.Add).RunAsync();
        await new Publication(options, cluster, _rows.Add, Tell).RunAsync(Balance);
        var settings = new
        {
            seconds = options.Seconds,
            accounts = options.Accounts,
            postgres = cluster.Version,
            fsync = "on",
            synchronousCommit = "on",
            startToReadySeconds = _startToReady,
        };
        var machine = new
        {
            cores = Environment.ProcessorCount,
            os = RuntimeInformation.OSDescription,
            runtime = RuntimeInformation.FrameworkDescription,
        };
        if (options.Json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { machine, settings, scenarios = _rows }, Indented));
        }

        return _rows.All(r => r.Conserved && (r.Errors == 0 || Alternatives.MayConflict(r.Name))) ? 0 : 1;
    }

    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private double _startToReady;

    /// <summary>
    /// A row of its own right beside each that is compared with it: the machine, and what the server does in the background, change within
    /// a run.
    /// </summary>
    private async Task BareAsync(BareSql bare, int callers)
    {
        if (!Wanted("bare-sql") || !options.CallersOf(callers).Any())
        {
            return;
        }

        var run = _rows.Count;
        await bare.RunAsync(callers, WarmUp, Picks.Uniform(options.Accounts), $"w{run}");
        var before = await Figures.ReadAsync(bare.Source);
        var measured = await bare.RunAsync(callers, Duration, Picks.Uniform(options.Accounts), $"m{run}");
        await AddAsync("bare-sql", callers, "closed", measured, before, bare.Source, bare.ConservedAsync(options.Accounts * Balance));
    }

    private async Task OursAsync(BareSql bare)
    {
        var source = await DatabaseAsync("ours", pool: 10);
        using var bank = await BankUnderTest.OursAsync(cluster.ConnectionString("ours"));
        var ids = await bank.OpenAsync(options.Accounts, (Balance / 100).ToString(CultureInfo.InvariantCulture) + ".00");
        using (var again = await BankUnderTest.OursAsync(cluster.ConnectionString("ours")))
        {
            _startToReady = Math.Round(again.StartToReady.TotalSeconds, 2);
        }

        if (options.Only.Contains(OverTime.Name))
        {
            await new OverTime(options, Tell, _rows.Add).RunAsync(bank, ids, source, ids.Length * Balance);
        }

        var uniform = new Dictionary<int, double>();
        foreach (var callers in options.CallersOf(1, 16, 64, 256))
        {
            if (callers >= 64)
            {
                await BareAsync(bare, callers);
            }

            uniform[callers] = await SingleAsync("single-uniform", callers, Picks.Uniform(options.Accounts), [bank], ids, source, null);
        }

        await BareAsync(bare, 256);
        if (uniform.GetValueOrDefault(256) is var most and > 0)
        {
            await SingleAsync("single-uniform", 256, Picks.Uniform(options.Accounts), [bank], ids, source, most * 0.8);
        }


        if (Wanted("projection-lag"))
        {
            // Half of what it can take, with what follows the log beside it.
            var rate = uniform.GetValueOrDefault(256) is var top and > 0
                ? top
                : await SingleAsync("projection-lag", 256, Picks.Uniform(options.Accounts), [bank], ids, source, null);
            await using var lag = new LagSampler(source);
            await SingleAsync("projection-lag", 256, Picks.Uniform(options.Accounts), [bank], ids, source, rate / 2);
            var (p50, p99, max) = await lag.StopAsync();
            _rows[^1] = _rows[^1] with { P50Ms = p50, P99Ms = p99, MaxMs = max };
            await Tell(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"projection-lag       p50 {p50:0} p99 {p99:0} max {max:0} ms behind the log, sampled every 50 ms"));
        }

        await SingleAsync("single-zipf", 256, Picks.Zipf(options.Accounts), [bank], ids, source, null);
        await SingleAsync("hot-payer", 256, Picks.HotPayer(options.Accounts), [bank], ids, source, null);
        await SingleAsync("hot-payee", 256, Picks.HotPayee(options.Accounts), [bank], ids, source, null);
        await SingleAsync("opposite-pairs", 256, Picks.OppositePairs(), [bank], ids, source, null);
        foreach (var (size, callers) in ((int, int)[])[(100, 16), (1_000, 4)])
        {
            if (Wanted($"batch-{size}"))
            {
                using var load = await BatchLoad.ConnectAsync(bank, size, callers, ids, Picks.Uniform(options.Accounts));
                await load.RunAsync("w", WarmUp);
                var before = await Figures.ReadAsync(source);
                await AddAsync(
                    $"batch-{size}",
                    callers,
                    "closed",
                    await load.RunAsync("m", Duration),
                    before,
                    source,
                    BankUnderTest.ConservedAsync(source, ids.Length * Balance));
            }
        }

        if (Wanted("two-hosts"))
        {
            await TwoHostsAsync(bank, ids, source);
        }
    }

    /// <summary>
    /// One host and two in turns, on the same bank and both warm: a bank that has grown meanwhile, or a host that is still being compiled,
    /// is no part of the difference. In an order in which neither comes earlier than the other, nor more at the ends than in the middle.
    /// </summary>
    private async Task TwoHostsAsync(BankUnderTest first, string[] ids, NpgsqlDataSource source)
    {
        using var second = await BankUnderTest.OursAsync(cluster.ConnectionString("ours"));
        await SingleAsync("two-hosts-warm", 256, Picks.Uniform(options.Accounts), [second], ids, source, null);
        (string Name, BankUnderTest[] Hosts) one = ("two-hosts-one", [first]), two = ("two-hosts", [first, second]);
        foreach (var (name, hosts) in new[] { one, two, two, one, two, one, one, two })
        {
            await SingleAsync(name, 256, Picks.Uniform(options.Accounts), hosts, ids, source, null);
        }
    }

    /// <summary>
    /// The commands with nothing that follows the log beside them, as on a machine of their own: what row 1 is, with the bank's promises.
    /// </summary>
    private async Task AloneAsync(BareSql bare)
    {
        if (!Wanted("single-alone"))
        {
            return;
        }

        var source = await DatabaseAsync("alone", pool: 10);
        using var bank = await BankUnderTest.OursAsync(cluster.ConnectionString("alone"), "--Banking:FollowsLog=false");
        var ids = await bank.OpenAsync(options.Accounts, (Balance / 100).ToString(CultureInfo.InvariantCulture) + ".00");
        foreach (var callers in options.CallersOf(64, 256))
        {
            await BareAsync(bare, callers);
            var most = await SingleAsync("single-alone", callers, Picks.Uniform(options.Accounts), [bank], ids, source, null);
            if (callers == 256)
            {
                await SingleAsync("single-alone", callers, Picks.Uniform(options.Accounts), [bank], ids, source, most * 0.8);
            }
        }
    }

    private async Task<double> SingleAsync(
        string name,
        int callers,
        Func<int, long, (int From, int To)> pick,
        BankUnderTest[] banks,
        string[] ids,
        NpgsqlDataSource source,
        double? rate)
    {
        if (!Wanted(name.StartsWith("two-hosts", StringComparison.Ordinal) ? "two-hosts" : name))
        {
            return 0;
        }

        var connections = new RawHttp[callers];
        for (var i = 0; i < callers; i++)
        {
            connections[i] = await RawHttp.ConnectAsync(banks[i % banks.Length].Address, "/v1/transfers", banks[i % banks.Length].Token);
        }

        var texts = Enumerable.Range(0, callers).Select(_ => new StringBuilder()).ToArray();
        var phase = "w";
        var run = _rows.Count;
        async Task<Counted> Send(int caller, long i)
        {
            var (from, to) = pick(caller, i);
            var status = await connections[caller]
                .PostAsync(
                    $"{name}-{run}-{callers}-{rate is null}-{phase}-{caller}-{i}",
                    BankUnderTest.Transfer(texts[caller], ids[from], ids[to]));
            return status == 201 ? new(1, 0, 0)
                : status is 422 or 409 ? new(0, 1, 0)
                : new(0, 0, 1);
        }

        // Warmed up as it is measured: read models that still follow what came at full speed are no part of eighty percent of it.
        Task<Measured> Run(TimeSpan duration) => rate is { } perSecond
            ? Load.OpenAsync(callers, perSecond, duration, Send)
            : Load.ClosedAsync(callers, duration, Send);
        await Run(WarmUp);
        phase = "m";
        var profile = new Profile(source, Tell);
        if (options.Profile)
        {
            await profile.BeginAsync();
        }

        var before = await Figures.ReadAsync(source);
        var measured = await Run(Duration);
        if (options.Profile)
        {
            await profile.EndAsync(measured.Seconds, measured.Accepted);
        }

        await AddAsync(
            name,
            callers,
            rate is null ? "closed" : "open",
            measured,
            before,
            source,
            BankUnderTest.ConservedAsync(source, ids.Length * Balance));
        Array.ForEach(connections, c => c.Dispose());
        return measured.Accepted / measured.Seconds;
    }

    private async Task AddAsync(
        string name, int callers, string loop, Measured measured, Figures before, NpgsqlDataSource source, Task<bool> conserved)
    {
        var after = await Figures.ReadAsync(source);
        var row = new Row(
            name, callers, loop,
            Math.Round(measured.Accepted / measured.Seconds), Math.Round(measured.Refused / measured.Seconds), measured.Errors,
            measured.P50Ms, measured.P99Ms, measured.MaxMs,
            after.Rollbacks - before.Rollbacks, after.Commits - before.Commits,
            Math.Round((after.Bytes - before.Bytes) / (double)Math.Max(1, measured.Accepted)),
            after.ProjectionLag, after.OutboxLag, await conserved);
        _rows.Add(row);
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Name,-15} {row.Callers,4} {row.Loop,-6} {row.AcceptedPerSecond,8:N0}/s  refused {row.RefusedPerSecond,6:N0}/s  errors {row.Errors,3}  p50 {row.P50Ms,7:0.00}  p99 {row.P99Ms,7:0.00}  max {row.MaxMs,8:0.00} ms  conflicts {row.Conflicts,4}  commits {row.Commits,7:N0}  {row.BytesPerTransfer,5:N0} B  conserved {row.Conserved}"
        );
        await Tell(line);
    }

    private Task Tell(string line) => (options.Json ? Console.Error : Console.Out).WriteLineAsync(line);

    private async Task<NpgsqlDataSource> DatabaseAsync(string name, int pool)
    {
        await cluster.EnsureDatabaseAsync(name);
        return NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(cluster.ConnectionString(name)) { MaxPoolSize = pool }.ConnectionString);
    }
}

/// <summary>What PostgreSQL says about a database.</summary>
internal sealed record Figures(long Commits, long Rollbacks, long Bytes, long ProjectionLag, long OutboxLag)
{
    public static async Task<Figures> ReadAsync(NpgsqlDataSource source)
    {
        // The counters of other sessions arrive when those are idle for a second or busy for another; a fresh snapshot of them is enough
        // here.
        await using var command = source.CreateCommand(
            """
            select xact_commit, xact_rollback, pg_database_size(current_database()),
                case when to_regclass('platform.read_model') is null then 0 else (xpath('/row/lag/text()', query_to_xml(
                    'select coalesce(max((select max(seq_id) from bank.mt_events) - position), 0) as lag from platform.read_model where state = ''serving''', false, true, '')))[1]::text::bigint end,
                case when to_regclass('wolverine.wolverine_outgoing_envelopes') is null then 0 else (xpath('/row/n/text()', query_to_xml(
                    'select count(*) as n from wolverine.wolverine_outgoing_envelopes', false, true, '')))[1]::text::bigint end
            from pg_stat_database where datname = current_database()
            """);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return new(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4));
    }
}
