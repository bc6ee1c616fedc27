using Banking.EmbeddedPostgres;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>
/// Measures the read side: a rebuild of all read models from a million events, then reads at any moment and statements.
/// </summary>
internal sealed class ReadSide(Options options, PostgresCluster cluster, RunResults results)
{
    private const int Copies = 38;

    private const string SlowestPosition = "select min(position) from platform.read_model where state = 'serving'";

    public async Task RunAsync()
    {
        if (options.Includes("rebuild"))
        {
            await RebuildAsync();
        }

        if (LargeAccount.Names.Any(options.Includes))
        {
            await new LargeAccount(options, cluster, results).RunAsync();
        }

        if (Statements.Names.Any(options.Includes))
        {
            await new Statements(options, cluster, results).RunAsync();
        }

        if (options.Includes(ScheduledStatements.Name))
        {
            await new ScheduledStatements(options, cluster, results).RunAsync();
        }

        if (options.Only.Contains(Archive.Name))
        {
            await new Archive(options, cluster, results).RunAsync();
        }
    }

    /// <summary>
    /// Measures events per second, from the request until all models have their rows, sums and indexes. The row has them as accepted per
    /// second.
    /// </summary>
    private async Task RebuildAsync()
    {
        if (options.Berka is null)
        {
            await results.PrintAsync($"rebuild         skipped: give the folder with the real bank's history with --berka FOLDER");
            return;
        }

        await using var source = await cluster.CreateSourceAsync("rebuilt", pool: 10);
        await ImportAsync(cluster.ConnectionString("rebuilt"));
        using var bank = await BankUnderTest.OursAsync(cluster.ConnectionString("rebuilt"));
        await MeasureRebuildAsync("rebuild", bank, source, await WaitForReadModelsAsync(source), results);
    }

    /// <summary>Measures two rebuilds, because the first one includes compilation.</summary>
    /// <param name="end">The number of events.</param>
    public static async Task MeasureRebuildAsync(
        string name, BankUnderTest bank, NpgsqlDataSource source, long end, RunResults results)
    {
        using var operations = await bank.ClientAsync("operator");
        foreach (var round in (string[])["cold", "warm"])
        {
            await RebuildAsync(operations, source);
            var (built, active, areEqual) = await ReadDurationsAsync(source);
            results.Add(new(
                name, 1, round, Math.Round(end / built), 0, 0, built * 1000, built * 1000, active * 1000, Conserved: areEqual));
            await results.PrintAsync(
                $"{name,-15} {round} {end:N0} events, {end / built,8:N0} events/s: built in {built:0.0} s, ",
                $"compared and active after {active:0.0} s; equal rows: {areEqual}");
        }
    }

    /// <summary>Rebuilds all read models and waits until they are active.</summary>
    private static async Task RebuildAsync(HttpClient operations, NpgsqlDataSource source)
    {
        using var answer = await operations.PostAsJsonAsync(
            "/ops/projections/rebuild", new { reasonCode = "benchmark", reason = "How long does it take?" });
        answer.EnsureSuccessStatusCode();
        await WaitUntilAsync(async () =>
            !await source.ReadAsync<bool>("select exists (select from platform.read_model where state = 'building')"));
    }

    /// <summary>Reads how long the last rebuild took: until it had all rows, and until it was compared and active.</summary>
    private static async Task<(double Built, double Active, bool AreEqual)> ReadDurationsAsync(NpgsqlDataSource source)
    {
        const string Newest = "from (select distinct on (name) * from platform.read_model order by name, generation desc) r";
        return (
            await source.ReadAsync<double>($"select extract(epoch from max(filled_at) - min(requested_at))::float8 {Newest}"),
            await source.ReadAsync<double>($"select extract(epoch from max(finished_at) - min(requested_at))::float8 {Newest}"),
            await source.ReadAsync<bool>($"select bool_and(state = 'serving') {Newest}"));
    }

    private async Task ImportAsync(string connectionString)
    {
        var report = await HostCommand.ImportAsync(connectionString, options.Berka!, Copies);
        await results.PrintAsync($"import          {report.GetProperty("eventsPerSecond").GetDouble(),8:N0} events/s");
    }

    /// <summary>Waits until the host's read models have reached the end of the log.</summary>
    public static async Task<long> WaitForReadModelsAsync(NpgsqlDataSource source)
    {
        var end = await source.ReadAsync<long>("select max(seq_id) from bank.mt_events");
        await WaitUntilAsync(async () => await source.ReadAsync<long>(SlowestPosition) >= end);
        return end;
    }

    private static async Task WaitUntilAsync(Func<Task<bool>> condition)
    {
        while (!await condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
    }
}
