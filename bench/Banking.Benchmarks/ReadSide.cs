using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Banking.EmbeddedPostgres;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>
/// What questions cost: all read models made anew from a million events, and a balance at any two instants of an account with a million
/// movements.
/// </summary>
internal sealed class ReadSide(Options options, PostgresCluster cluster, Action<Row> add)
{
    private const int Copies = 38;

    public async Task RunAsync()
    {
        if (Wanted("rebuild"))
        {
            await RebuildAsync();
        }

        if (Wanted("balance-at"))
        {
            await BalanceAtAsync();
        }
    }

    private bool Wanted(string name) => options.Only.Count == 0 || options.Only.Contains(name);

    /// <summary>
    /// A row's accepted per second are events per second here: from the request until rows, sums and indexes of all models are there.
    /// </summary>
    private async Task RebuildAsync()
    {
        if (options.Berka is null)
        {
            await Tell("rebuild         left out: name the folder with the real bank's history by --berka FOLDER");
            return;
        }

        await cluster.EnsureDatabaseAsync("rebuilt");
        var connectionString = cluster.ConnectionString("rebuilt");
        await ImportAsync(connectionString);
        await using var source = NpgsqlDataSource.Create(connectionString);
        using var bank = await BankUnderTest.OursAsync(connectionString);
        using var operations = await bank.ClientAsync("operator");
        var end = await ScalarAsync<long>(source, "select max(seq_id) from bank.mt_events");
        // First the host catches up with what was imported without it; then twice, for the first time is also the code's first time.
        await UntilAsync(async () =>
            await ScalarAsync<long>(source, "select min(position) from platform.read_model where state = 'serving'") >= end);
        for (var round = 0; round < 2; round++)
        {
            using var asked = await operations.PostAsJsonAsync(
                "/ops/projections/rebuild", new { reasonCode = "benchmark", reason = "How long does it take?" });
            asked.EnsureSuccessStatusCode();
            await UntilAsync(async () =>
                !await ScalarAsync<bool>(source, "select exists (select from platform.read_model where state = 'building')"));
            var (made, served, same) = await FiguresAsync(source);
            add(
                new(
                    "rebuild",
                    1,
                    round == 0 ? "cold" : "warm",
                    Math.Round(end / made),
                    0,
                    0,
                    made * 1000,
                    made * 1000,
                    served * 1000,
                    0,
                    0,
                    0,
                    0,
                    0,
                    same));
            await Tell(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"rebuild         {(round == 0 ? "cold" : "warm")} {end:N0} events, {end / made,8:N0} events/s: made in {made:0.0} s, compared and serving after {served:0.0} s; the same rows: {same}"
                ));
        }
    }

    private static async Task<(double Made, double Served, bool Same)> FiguresAsync(NpgsqlDataSource source)
    {
        const string newest = "from (select distinct on (name) * from platform.read_model order by name, generation desc) r";
        return (
            await ScalarAsync<double>(source, $"select extract(epoch from max(filled_at) - min(requested_at))::float8 {newest}"),
            await ScalarAsync<double>(source, $"select extract(epoch from max(finished_at) - min(requested_at))::float8 {newest}"),
            await ScalarAsync<bool>(source, $"select bool_and(state = 'serving') {newest}"));
    }

    private async Task ImportAsync(string connectionString)
    {
        var info = new ProcessStartInfo(
            "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, "Banking.Host.dll"),
                "import",
                "berka",
                options.Berka!,
                "--copies",
                Copies.ToString(CultureInfo.InvariantCulture),
                "--json",
            ])
        {
            RedirectStandardOutput = true,
        };
        info.Environment["ConnectionStrings__banking"] = connectionString;
        // One role for all of the benchmark: it makes its database, owns it, and measures.
        info.Environment["ConnectionStrings__owner"] = connectionString;
        using var process = Process.Start(info)!;
        var report = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException("The import ended with " + process.ExitCode);
        }

        using var json = JsonDocument.Parse(report);
        await Tell(
            string.Create(
                CultureInfo.InvariantCulture,
                $"import          {json.RootElement.GetProperty("eventsPerSecond").GetDouble(),8:N0} events/s"));
    }

    /// <summary>One in twenty movements is backdated by up to a month; the rest count at rising instants over five years.</summary>
    private async Task BalanceAtAsync()
    {
        await cluster.EnsureDatabaseAsync("balances");
        var connectionString = cluster.ConnectionString("balances");
        await using var source = NpgsqlDataSource.Create(connectionString);
        using var bank = await BankUnderTest.OursAsync(connectionString, "--Banking:BackdatingDays=3650");
        var begin = TimeProvider.System.GetUtcNow().AddDays(-5 * 365);
        var account = (await bank.OpenAsync(1, "1.00", begin.AddDays(-31)))[0];
        await MoveAsync(bank, account, begin);
        var end = await ScalarAsync<long>(source, "select max(seq_id) from bank.mt_events");
        await UntilAsync(async () =>
            await ScalarAsync<long>(source, "select min(position) from platform.read_model where state = 'serving'") >= end);
        var learned = await ScalarAsync<DateTime>(source, "select min(recorded_at) from accounts.entry");
        var span = await ScalarAsync<double>(
            source, "select extract(epoch from max(recorded_at) - min(recorded_at))::float8 from accounts.entry");

        using var teller = await bank.ClientAsync("teller");
        var random = new Random(1);
        async Task<Counted> Ask(int caller, long i)
        {
            var effectiveAt = begin.AddDays(random.NextDouble() * 5 * 365);
            var knownAt = learned.AddSeconds(random.NextDouble() * span);
            using var answer = await teller.GetAsync(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"/v1/accounts/{account}/balance?effectiveAt={effectiveAt:yyyy-MM-dd'T'HH:mm:ss.ffffff}Z&knownAt={knownAt:yyyy-MM-dd'T'HH:mm:ss.ffffff}Z"
                ));
            return answer.IsSuccessStatusCode ? new(1, 0, 0) : new(0, 0, 1);
        }

        await Load.ClosedAsync(1, options.WarmUp, Ask);
        var measured = await Load.ClosedAsync(1, TimeSpan.FromSeconds(options.Seconds), Ask);
        add(
            new(
                "balance-at",
                1,
                "closed",
                Math.Round(measured.Accepted / measured.Seconds),
                0,
                measured.Errors,
                measured.P50Ms,
                measured.P99Ms,
                measured.MaxMs,
                0,
                0,
                0,
                0,
                0,
                true));
        await Tell(
            string.Create(
                CultureInfo.InvariantCulture,
                $"balance-at      {options.Movements:N0} movements: {measured.Accepted / measured.Seconds:N0}/s  errors {measured.Errors}  p50 {measured.P50Ms:0.00}  p99 {measured.P99Ms:0.00}  max {measured.MaxMs:0.00} ms"
            ));
    }

    private async Task MoveAsync(BankUnderTest bank, string account, DateTimeOffset begin)
    {
        var random = new Random(2);
        var json = new StringBuilder();
        using var http = await RawHttp.ConnectAsync(bank.Address, "/v1/deposits/batch", bank.Token, largest: 4 * 1024 * 1024);
        for (var done = 0; done < options.Movements; done += 1_000)
        {
            json.Clear().Append("""{"mode":"independent","items":[""");
            for (var i = done; i < done + 1_000; i++)
            {
                var at = begin
                    .AddSeconds(5.0 * 365 * 86_400 * i / options.Movements)
                    .AddDays(random.Next(0, 20) == 0 ? -random.NextDouble() * 30 : 0);
                json.Append(i > done ? "," : "")
                    .Append(
                        CultureInfo.InvariantCulture,
                        $$$$"""{"idempotencyKey":"m-{{{{i}}}}","command":{"accountId":"{{{{account}}}}","amount":{"value":"1.23","currency":"EUR"},"reason":"benchmark","effectiveAt":"{{{{at:yyyy-MM-dd'T'HH:mm:ss.ffffff}}}}Z"}}"""
                    );
            }

            if (await http.PostAsync("-", json.Append("]}").ToString()) is var status and not 200)
            {
                throw new InvalidOperationException($"{status}: {Encoding.UTF8.GetString(http.Body.Span)}");
            }
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> isIt)
    {
        while (!await isIt())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
    }

    private static async Task<T> ScalarAsync<T>(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    private Task Tell(string line) => (options.Json ? Console.Error : Console.Out).WriteLineAsync(line);
}
