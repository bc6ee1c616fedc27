using System.Globalization;
using Banking.EmbeddedPostgres;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>
/// Measures statements of a day for many accounts: issued, which renders and hashes them, and read again in two forms.
/// </summary>
internal sealed class Statements(Options options, PostgresCluster cluster, RunResults results)
{
    private const int Callers = 16;
    private const int Days = 365;

    public const string Issued = "statements-issued";
    public const string Read = "statements-read";

    public static IEnumerable<string> Names => [Issued, Read];

    public async Task RunAsync()
    {
        await using var source = await cluster.CreateSourceAsync("statements", pool: 10);
        using var bank = await BankUnderTest.OursAsync(cluster.ConnectionString("statements"), "--Banking:BackdatingDays=3650");
        var begin = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).AddDays(-Days);
        var accounts = await bank.OpenAsync(
            options.Trial ? 20 : 1_000, "1.00", new(begin.AddDays(-1), TimeOnly.MinValue, TimeSpan.Zero));
        await ReadSide.WaitForReadModelsAsync(source);
        using var teller = await bank.ClientAsync("teller");
        var next = -1L;
        async Task<Counted> Issue(int caller, long i)
        {
            var number = Interlocked.Increment(ref next);
            var day = begin.AddDays((int)(number / accounts.Length % Days));
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/accounts/{accounts[number % accounts.Length]}/statements");
            request.Headers.Add("Idempotency-Key", string.Create(CultureInfo.InvariantCulture, $"statement-{number}"));
            request.Content = JsonContent.Create(new { from = $"{day:yyyy-MM-dd}", to = $"{day.AddDays(1):yyyy-MM-dd}" });
            using var answer = await teller.SendAsync(request);
            return answer.IsSuccessStatusCode ? new(1, 0, 0) : new(0, 0, 1);
        }

        await MeasureAsync(source, Issued, Issue);
        var issued = await source.ReadAsync<string[]>(
            "select array_agg('stm_' || replace(id::text, '-', '')) from (select id from bank.mt_events "
            + "where type = 'accounts.statement-issued.v1' limit 10000) e");
        await MeasureAsync(source, Read, async (caller, i) =>
        {
            var suffix = i % 2 == 0 ? ".json" : ".camt";
            using var answer = await teller.GetAsync($"/v1/statements/{issued[(caller + (i * Callers)) % issued.Length]}{suffix}");
            return answer.IsSuccessStatusCode ? new(1, 0, 0) : new(0, 0, 1);
        });
    }

    private async Task MeasureAsync(NpgsqlDataSource source, string name, Func<int, long, Task<Counted>> send)
    {
        await Load.ClosedAsync(Callers, options.WarmUp, send);
        var measured = await new Profile(source, results).MeasureAsync(
            options.Profile, () => Load.ClosedAsync(Callers, TimeSpan.FromSeconds(options.Seconds), send));
        results.Add(Row.From(name, Callers, "closed", measured));
        await results.PrintAsync(
            $"{name,-18} {Callers} {measured.Accepted / measured.Seconds:N0}/s  errors {measured.Errors}  ",
            $"p50 {measured.P50Ms:0.00}  p99 {measured.P99Ms:0.00}  max {measured.MaxMs:0.00} ms");
    }
}
