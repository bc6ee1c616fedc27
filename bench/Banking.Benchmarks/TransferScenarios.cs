using System.Globalization;
using Banking.EmbeddedPostgres;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>The scenarios of transfers through the bank, and their reference in plain SQL.</summary>
internal sealed class TransferScenarios(Options options, PostgresCluster cluster, RunResults results, BareSql bare)
{
    private const int MaxCallers = 256;

    private readonly SingleTransfers _single = new(options, results);

    /// <summary>The time from starting a host's process to its first healthy answer.</summary>
    public double StartToReadySeconds { get; private set; }

    private Func<int, long, (int From, int To)> Uniform => Picks.Uniform(options.Accounts);

    private long Total => options.Accounts * Suite.Balance;

    /// <summary>
    /// Measures the reference in plain SQL. It runs next to each scenario that is compared with it, because the speed of the machine and
    /// PostgreSQL's background work change within a run.
    /// </summary>
    public async Task RunBareAsync(int callers)
    {
        if (!options.Includes("bare-sql") || !options.SelectCallers(callers).Any())
        {
            return;
        }

        var run = results.Rows.Count;
        await bare.RunAsync(callers, options.WarmUp, Uniform, $"w{run}");
        var before = await Figures.ReadAsync(bare.Source);
        var measured = await bare.RunAsync(callers, TimeSpan.FromSeconds(options.Seconds), Uniform, $"m{run}");
        await results.AddAsync("bare-sql", callers, "closed", measured, before, bare.Source, bare.ConservedAsync(Total));
    }

    /// <summary>Measures one host with all read models and publishers.</summary>
    public async Task RunAsync()
    {
        var source = await cluster.CreateSourceAsync("ours", pool: 10);
        using var bank = await BankUnderTest.OursAsync(cluster.ConnectionString("ours"));
        var ids = await OpenAccountsAsync(bank);
        using (var second = await BankUnderTest.OursAsync(cluster.ConnectionString("ours")))
        {
            StartToReadySeconds = Math.Round(second.StartToReady.TotalSeconds, 2);
        }

        if (options.Only.Contains(OverTime.Name))
        {
            await new OverTime(options, results).RunAsync(bank, ids, source, Total);
        }

        var fullRate = await RunUniformAsync(bank, ids, source);
        if (options.Includes("projection-lag"))
        {
            await RunProjectionLagAsync(bank, ids, source, fullRate);
        }

        await RunSingleAsync("single-zipf", MaxCallers, Picks.Zipf(options.Accounts), [bank], ids, source);
        await RunSingleAsync("hot-payer", MaxCallers, Picks.HotPayer(options.Accounts), [bank], ids, source);
        await RunSingleAsync("hot-payee", MaxCallers, Picks.HotPayee(options.Accounts), [bank], ids, source);
        await RunSingleAsync("opposite-pairs", MaxCallers, Picks.OppositePairs(), [bank], ids, source);
        foreach (var (size, callers) in ((int, int)[])[(100, 16), (1_000, 4)])
        {
            await RunBatchAsync(bank, ids, source, size, callers);
        }

        if (options.Includes("two-hosts"))
        {
            await RunTwoHostsAsync(bank, ids, source);
        }
    }

    /// <summary>Measures commands without read models and publication. Compare with the plain SQL reference.</summary>
    public async Task RunAloneAsync()
    {
        if (!options.Includes("single-alone"))
        {
            return;
        }

        var source = await cluster.CreateSourceAsync("alone", pool: 10);
        using var bank = await BankUnderTest.OursAsync(cluster.ConnectionString("alone"), "--Banking:FollowsLog=false");
        var ids = await OpenAccountsAsync(bank);
        foreach (var callers in options.SelectCallers(64, MaxCallers))
        {
            await RunBareAsync(callers);
            var rate = await RunSingleAsync("single-alone", callers, Uniform, [bank], ids, source);
            if (callers == MaxCallers)
            {
                await RunSingleAsync("single-alone", callers, Uniform, [bank], ids, source, rate * 0.8);
            }
        }
    }

    private Task<string[]> OpenAccountsAsync(BankUnderTest bank) =>
        bank.OpenAsync(options.Accounts, (Suite.Balance / 100).ToString(CultureInfo.InvariantCulture) + ".00");

    /// <returns>Accepted transfers per second with the maximum number of callers; 0 if not measured.</returns>
    private async Task<double> RunUniformAsync(BankUnderTest bank, string[] ids, NpgsqlDataSource source)
    {
        var fullRate = 0.0;
        foreach (var callers in options.SelectCallers(1, 16, 64, MaxCallers))
        {
            if (callers >= 64)
            {
                await RunBareAsync(callers);
            }

            var rate = await RunSingleAsync("single-uniform", callers, Uniform, [bank], ids, source);
            fullRate = callers == MaxCallers ? rate : fullRate;
        }

        await RunBareAsync(MaxCallers);
        if (fullRate > 0)
        {
            await RunSingleAsync("single-uniform", MaxCallers, Uniform, [bank], ids, source, fullRate * 0.8);
        }

        return fullRate;
    }

    /// <summary>Measures the lag of the read models at half of the full rate.</summary>
    private async Task RunProjectionLagAsync(BankUnderTest bank, string[] ids, NpgsqlDataSource source, double fullRate)
    {
        var rate = fullRate > 0 ? fullRate : await RunSingleAsync("projection-lag", MaxCallers, Uniform, [bank], ids, source);
        await using var lag = new LagSampler(source);
        await RunSingleAsync("projection-lag", MaxCallers, Uniform, [bank], ids, source, rate / 2);
        var (p50, p99, max) = await lag.StopAsync();
        results.Amend(row => row with { P50Ms = p50, P99Ms = p99, MaxMs = max });
        await results.PrintAsync(
            $"projection-lag       p50 {p50:0} p99 {p99:0} max {max:0} ms behind the log, sampled every 50 ms");
    }

    private async Task RunBatchAsync(BankUnderTest bank, string[] ids, NpgsqlDataSource source, int size, int callers)
    {
        if (!options.Includes($"batch-{size}"))
        {
            return;
        }

        using var load = await BatchLoad.ConnectAsync(bank, size, callers, ids, Uniform);
        await load.RunAsync("w", options.WarmUp);
        var before = await Figures.ReadAsync(source);
        var measured = await load.RunAsync("m", TimeSpan.FromSeconds(options.Seconds));
        await results.AddAsync(
            $"batch-{size}", callers, "closed", measured, before, source, BankUnderTest.ConservedAsync(source, Total));
    }

    /// <summary>
    /// Measures one host and two hosts in turns, on the same bank and both warm, so that neither the growth of the bank nor compilation
    /// affects the comparison. In the order of the turns both come equally early.
    /// </summary>
    private async Task RunTwoHostsAsync(BankUnderTest first, string[] ids, NpgsqlDataSource source)
    {
        using var second = await BankUnderTest.OursAsync(cluster.ConnectionString("ours"));
        await RunSingleAsync("two-hosts-warm", MaxCallers, Uniform, [second], ids, source);
        (string Name, BankUnderTest[] Hosts) one = ("two-hosts-one", [first]), two = ("two-hosts", [first, second]);
        foreach (var (name, hosts) in new[] { one, two, two, one, two, one, one, two })
        {
            await RunSingleAsync(name, MaxCallers, Uniform, hosts, ids, source);
        }
    }

    private async Task<double> RunSingleAsync(
        string name,
        int callers,
        Func<int, long, (int From, int To)> pick,
        BankUnderTest[] banks,
        string[] ids,
        NpgsqlDataSource source,
        double? rate = null) =>
        options.Includes(name.StartsWith("two-hosts", StringComparison.Ordinal) ? "two-hosts" : name)
            ? await _single.RunAsync(name, callers, pick, banks, ids, source, rate, Total)
            : 0;
}
