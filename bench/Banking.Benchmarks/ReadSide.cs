using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
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
        using var operations = await bank.ClientAsync("operator");
        var end = await WaitForReadModelsAsync(source);
        // Two rounds, because the first one includes compilation.
        foreach (var round in (string[])["cold", "warm"])
        {
            using var answer = await operations.PostAsJsonAsync(
                "/ops/projections/rebuild", new { reasonCode = "benchmark", reason = "How long does it take?" });
            answer.EnsureSuccessStatusCode();
            await WaitUntilAsync(async () =>
                !await source.ReadAsync<bool>("select exists (select from platform.read_model where state = 'building')"));
            var (built, active, areEqual) = await ReadDurationsAsync(source);
            results.Add(new(
                "rebuild", 1, round, Math.Round(end / built), 0, 0, built * 1000, built * 1000, active * 1000, Conserved: areEqual));
            await results.PrintAsync(
                $"rebuild         {round} {end:N0} events, {end / built,8:N0} events/s: built in {built:0.0} s, ",
                $"compared and active after {active:0.0} s; equal rows: {areEqual}");
        }
    }

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
        var copies = Copies.ToString(CultureInfo.InvariantCulture);
        var host = Path.Combine(AppContext.BaseDirectory, "Banking.Host.dll");
        var info = new ProcessStartInfo("dotnet", [host, "import", "berka", options.Berka!, "--copies", copies, "--json"])
        {
            RedirectStandardOutput = true,
        };
        BankUnderTest.Configure(info, connectionString);
        using var process = Process.Start(info)!;
        var report = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException("The import ended with exit code " + process.ExitCode);
        }

        using var json = JsonDocument.Parse(report);
        await results.PrintAsync($"import          {json.RootElement.GetProperty("eventsPerSecond").GetDouble(),8:N0} events/s");
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
