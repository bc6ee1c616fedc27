using System.Globalization;
using Banking.EmbeddedPostgres;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>
/// Measures reads at two random instants, effective and known, on a bank that has an account with a million movements: its balance and
/// state, a page of its entries, its explanation, and the trial balance. The account is simulated too.
/// </summary>
internal sealed class LargeAccount(Options options, PostgresCluster cluster, RunResults results)
{
    private const int Years = 5;

    /// <summary>The reads, by the name of their row: the path, and whether it takes both instants or the days of them.</summary>
    private static readonly IReadOnlyDictionary<string, string> Reads = new Dictionary<string, string>
    {
        ["balance-at"] = "/v1/accounts/{0}/balance?effectiveAt={1}&knownAt={2}",
        ["account-at"] = "/v1/accounts/{0}?effectiveAt={1}&knownAt={2}",
        ["entries-at"] = "/v1/accounts/{0}/entries?from={1}&limit=50",
        ["trial-balance-at"] = "/v1/ledger/trial-balance?date={3}&knownAt={2}",
    };

    public static IEnumerable<string> Names => [.. Reads.Keys, WhatIf.Name, LostState.Name];

    private readonly DateTimeOffset _begin = TimeProvider.System.GetUtcNow().AddDays(-Years * 365);

    public async Task RunAsync()
    {
        await using var source = await cluster.CreateSourceAsync("balances", pool: 10);
        using var bank = await BankUnderTest.OursAsync(
            cluster.ConnectionString("balances"), "--Banking:BackdatingDays=3650", WhatIf.Setting);
        var accounts = await bank.OpenAsync(3, "1.00", _begin.AddDays(-31));
        var account = accounts[0];
        await DepositAsync(bank, account);
        await ReadSide.WaitForReadModelsAsync(source);
        if (options.Includes(WhatIf.Name))
        {
            await WhatIf.MeasureAsync(bank, account, results);
        }

        if (options.Includes(LostState.Name))
        {
            await LostState.MeasureAsync(bank, source, accounts, results, options.Profile);
        }

        foreach (var (name, path) in Reads.Where(r => options.Includes(r.Key)))
        {
            await ReadAsync(bank, source, name, path, account);
        }
    }

    private async Task ReadAsync(BankUnderTest bank, NpgsqlDataSource source, string name, string path, string account)
    {
        // Before it was recorded, the account has no state.
        var firstRecordedAt = await source.ReadAsync<DateTime>(
            $"select recorded_at from accounts.entry where version = 1 and 'acc_' || replace(account::text, '-', '') = '{account}'");
        var span = await source.ReadAsync<double>(
            "select extract(epoch from max(recorded_at) - min(recorded_at))::float8 from accounts.entry");

        using var reader = await bank.ClientAsync("auditor");
        var random = new Random(1);
        string? failure = null;
        async Task<Counted> Send(int caller, long i)
        {
            var effectiveAt = _begin.AddDays(random.NextDouble() * Years * 365).UtcDateTime;
            var knownAt = firstRecordedAt.AddSeconds(random.NextDouble() * span);
            using var answer = await reader.GetAsync(string.Format(
                CultureInfo.InvariantCulture, path, account, Format(effectiveAt), Format(knownAt), $"{effectiveAt:yyyy-MM-dd}"));
            if (answer.IsSuccessStatusCode)
            {
                return new(1, 0, 0);
            }

            failure ??= await answer.Content.ReadAsStringAsync();
            return new(0, 0, 1);
        }

        await Load.ClosedAsync(1, options.WarmUp, Send);
        failure = null;
        var measured = await new Profile(source, results).MeasureAsync(
            options.Profile, () => Load.ClosedAsync(1, TimeSpan.FromSeconds(options.Seconds), Send));
        results.Add(Row.From(name, 1, "closed", measured));
        await results.PrintAsync(
            $"{name,-16} {options.Movements:N0} movements: {measured.Accepted / measured.Seconds:N0}/s  errors {measured.Errors}  ",
            $"p50 {measured.P50Ms:0.00}  p99 {measured.P99Ms:0.00}  max {measured.MaxMs:0.00} ms  {failure}");
    }

    /// <summary>Books deposits at rising instants. One in twenty is backdated by up to a month.</summary>
    private Task DepositAsync(BankUnderTest bank, string account)
    {
        var random = new Random(2);
        return ManyDeposits.BookAsync(bank, account, options.Movements, i =>
        {
            var at = _begin
                .AddSeconds((double)Years * 365 * 86_400 * i / options.Movements)
                .AddDays(random.Next(0, 20) == 0 ? -random.NextDouble() * 30 : 0);
            return Format(at.UtcDateTime);
        });
    }

    private static string Format(DateTime utc) => utc.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
