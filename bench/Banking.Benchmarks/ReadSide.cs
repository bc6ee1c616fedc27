using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Banking.EmbeddedPostgres;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>
/// Measures the read side: a rebuild of all read models from a million events, and the balance at two random instants of an account with a
/// million movements, which is simulated too.
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

        if (options.Includes("balance-at") || options.Includes(WhatIf.Name))
        {
            await MeasureLargeAccountAsync();
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

    private async Task MeasureLargeAccountAsync()
    {
        await using var source = await cluster.CreateSourceAsync("balances", pool: 10);
        using var bank = await BankUnderTest.OursAsync(
            cluster.ConnectionString("balances"), "--Banking:BackdatingDays=3650", WhatIf.Setting);
        var begin = TimeProvider.System.GetUtcNow().AddDays(-5 * 365);
        var account = (await bank.OpenAsync(1, "1.00", begin.AddDays(-31)))[0];
        await DepositAsync(bank, account, begin);
        await WaitForReadModelsAsync(source);
        if (options.Includes(WhatIf.Name))
        {
            await WhatIf.MeasureAsync(bank, account, results);
        }

        if (options.Includes("balance-at"))
        {
            await BalanceAtAsync(bank, source, account, begin);
        }
    }

    private async Task BalanceAtAsync(BankUnderTest bank, NpgsqlDataSource source, string account, DateTimeOffset begin)
    {
        var firstRecordedAt = await source.ReadAsync<DateTime>("select min(recorded_at) from accounts.entry");
        var span = await source.ReadAsync<double>(
            "select extract(epoch from max(recorded_at) - min(recorded_at))::float8 from accounts.entry");

        using var teller = await bank.ClientAsync("teller");
        var random = new Random(1);
        async Task<Counted> Send(int caller, long i)
        {
            var effectiveAt = Format(begin.AddDays(random.NextDouble() * 5 * 365).UtcDateTime);
            var knownAt = Format(firstRecordedAt.AddSeconds(random.NextDouble() * span));
            using var answer = await teller.GetAsync($"/v1/accounts/{account}/balance?effectiveAt={effectiveAt}&knownAt={knownAt}");
            return answer.IsSuccessStatusCode ? new(1, 0, 0) : new(0, 0, 1);
        }

        await Load.ClosedAsync(1, options.WarmUp, Send);
        var measured = await Load.ClosedAsync(1, TimeSpan.FromSeconds(options.Seconds), Send);
        results.Add(Row.From("balance-at", 1, "closed", measured));
        await results.PrintAsync(
            $"balance-at      {options.Movements:N0} movements: {measured.Accepted / measured.Seconds:N0}/s  errors {measured.Errors}  ",
            $"p50 {measured.P50Ms:0.00}  p99 {measured.P99Ms:0.00}  max {measured.MaxMs:0.00} ms");
    }

    /// <summary>Books deposits at rising instants over five years. One in twenty is backdated by up to a month.</summary>
    private async Task DepositAsync(BankUnderTest bank, string account, DateTimeOffset begin)
    {
        var random = new Random(2);
        var json = new StringBuilder();
        using var http = await RawHttp.ConnectAsync(bank.Address, "/v1/deposits/batch", bank.Token, maxBytes: 4 * 1024 * 1024);
        for (var done = 0; done < options.Movements; done += 1_000)
        {
            json.Clear().Append("""{"mode":"independent","items":[""");
            for (var i = done; i < done + 1_000; i++)
            {
                var at = begin
                    .AddSeconds(5.0 * 365 * 86_400 * i / options.Movements)
                    .AddDays(random.Next(0, 20) == 0 ? -random.NextDouble() * 30 : 0);
                json.Append(i > done ? "," : "").Append(
                    CultureInfo.InvariantCulture,
                    $$$$"""
                    {"idempotencyKey":"m-{{{{i}}}}","command":{"accountId":"{{{{account}}}}",
                    "amount":{"value":"1.23","currency":"EUR"},"reason":"benchmark","effectiveAt":"{{{{Format(at.UtcDateTime)}}}}"}}
                    """);
            }

            if (await http.PostAsync($"deposits-{done}", json.Append("]}").ToString()) is var status and not 200)
            {
                throw new InvalidOperationException($"{status}: {Encoding.UTF8.GetString(http.Body.Span)}");
            }
        }
    }

    private static string Format(DateTime utc) => utc.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Waits until the host's read models have reached the end of the log.</summary>
    private static async Task<long> WaitForReadModelsAsync(NpgsqlDataSource source)
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
