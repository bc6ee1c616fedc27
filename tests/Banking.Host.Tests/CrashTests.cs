using System.Collections.Concurrent;
using System.Globalization;
using Banking.Testing;

namespace Banking.Host.Tests;

/// <summary>SIGKILL of the host, and with it of its database, during payments.</summary>
public sealed class CrashTests
{
    private const int Callers = 16;
    private const int Accounts = 4;

    [Fact]
    public async Task Whatever_was_acknowledged_is_there_once_and_whatever_was_not_is_there_wholly_or_not_at_all()
    {
        var folder = TestFolders.New("banking-crash-");
        (string, string)[] settings = [("Banking__DataFolder", Path.Combine(folder.FullName, "data"))];
        var acknowledged = new ConcurrentDictionary<string, bool>();
        var attempted = new ConcurrentDictionary<string, (string From, string To)>();
        var accounts = new List<string>();

        await using (var host = await HostProcess.ServeAsync(["--no-demo"], settings))
        {
            var teller = await host.TellerAsync();
            for (var i = 0; i < Accounts; i++)
            {
                accounts.Add(await teller.OpenAsync(balance: "1000000.00"));
            }

            var callers = Enumerable
                .Range(0, Callers)
                .Select(c => PayUntilKilledAsync(host, c, accounts, attempted, acknowledged))
                .ToList();
            await Eventually.UntilAsync(() => acknowledged.Count, count => count >= 500);

            await host.KillAsync();
            await Task.WhenAll(callers);
        }

        await using var restarted = await HostProcess.ServeAsync(["--no-demo"], settings);
        var after = await restarted.TellerAsync();
        Assert.True(attempted.Count > acknowledged.Count, "No payment was in progress at the kill: this run tested nothing.");
        Assert.Equal(Accounts * 1_000_000.00m, await SumBalancesAsync(after, accounts));

        var eventsByKey = await CountEventsAsync(after, accounts);
        Assert.All(acknowledged.Keys, key => Assert.Equal(2, eventsByKey.GetValueOrDefault(key)));
        Assert.All(eventsByKey, p => Assert.True(p.Value == 2 && attempted.ContainsKey(p.Key), $"Payment {p.Key} has {p.Value} events."));

        // After a crash the caller repeats its idempotency keys: each payment is then stored exactly once.
        foreach (var (key, (from, to)) in attempted)
        {
            (await after.TransferAsync(from, to, "0.01", "EUR", ("Idempotency-Key", key))).Created();
        }

        eventsByKey = await CountEventsAsync(after, accounts);
        Assert.Equal(attempted.Keys.Order(), eventsByKey.Keys.Order());
        Assert.All(eventsByKey.Values, count => Assert.Equal(2, count));
        await restarted.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private static async Task PayUntilKilledAsync(
        HostProcess host, int caller, List<string> accounts, ConcurrentDictionary<string, (string, string)> attempted,
        ConcurrentDictionary<string, bool> acknowledged)
    {
        var teller = await host.TellerAsync();
        for (var i = 0; ; i++)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"crash-{caller}-{i}");
            var (from, to) = (accounts[(caller + i) % Accounts], accounts[(caller + i + 1) % Accounts]);
            attempted[key] = (from, to);
            try
            {
                var answer = await teller.TransferAsync(from, to, "0.01", "EUR", ("Idempotency-Key", key));
                if (answer.StatusCode == 201)
                {
                    acknowledged[key] = true;
                }
            }
            catch (HttpRequestException)
            {
                // The host was killed, as this test expects.
                return;
            }
        }
    }

    /// <summary>Counts the events of each payment in the log, by idempotency key: a complete payment has two.</summary>
    private static async Task<Dictionary<string, int>> CountEventsAsync(BankClient teller, List<string> accounts)
    {
        var eventsByKey = new Dictionary<string, int>();
        foreach (var account in accounts)
        {
            string? cursor = null;
            do
            {
                var page = (await teller.GetAsync($"/v1/accounts/{account}/events?limit=500" + (cursor is null ? "" : "&cursor=" + cursor)))
                    .Ok()
                    .Json;
                foreach (
                    var e in page.GetProperty("items")
                        .EnumerateArray()
                        .Where(e => e.GetProperty("type").GetString()!.StartsWith("accounts.transfer-", StringComparison.Ordinal)))
                {
                    var key = e.GetProperty("idempotencyKey").GetString()!;
                    eventsByKey[key] = eventsByKey.GetValueOrDefault(key) + 1;
                }

                cursor = page.TryGetProperty("nextCursor", out var next) ? next.GetString() : null;
            }
            while (cursor is not null);
        }

        return eventsByKey;
    }

    private static async Task<decimal> SumBalancesAsync(BankClient teller, List<string> accounts)
    {
        var total = 0m;
        foreach (var account in accounts)
        {
            total += decimal.Parse(await teller.BalanceAsync(account), CultureInfo.InvariantCulture);
        }

        return total;
    }
}
