using System.Collections.Concurrent;
using System.Globalization;
using Banking.Testing;

namespace Banking.Host.Tests;

/// <summary>kill -9 of the host, and of its database with it, in the middle of payments.</summary>
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
                .Select(c => PayUntilItDiesAsync(host, c, accounts, attempted, acknowledged))
                .ToList();
            await Eventually.UntilAsync(() => acknowledged.Count, count => count >= 500);

            await host.KillAsync();
            await Task.WhenAll(callers);
        }

        await using var again = await HostProcess.ServeAsync(["--no-demo"], settings);
        var after = await again.TellerAsync();
        Assert.True(attempted.Count > acknowledged.Count, "The kill met no payment under way: nothing was tested.");
        Assert.Equal(Accounts * 1_000_000.00m, await TotalAsync(after, accounts));

        var halves = await HalvesAsync(after, accounts);
        Assert.All(acknowledged.Keys, key => Assert.Equal(2, halves.GetValueOrDefault(key)));
        Assert.All(halves, half => Assert.True(half.Value == 2 && attempted.ContainsKey(half.Key), $"{half.Key} has {half.Value} halves."));

        // The doubt that a crash leaves is resolved by the key: repeated, each payment stands exactly once.
        foreach (var (key, (from, to)) in attempted)
        {
            (await after.TransferAsync(from, to, "0.01", "EUR", ("Idempotency-Key", key))).Created();
        }

        halves = await HalvesAsync(after, accounts);
        Assert.Equal(attempted.Keys.Order(), halves.Keys.Order());
        Assert.All(halves.Values, count => Assert.Equal(2, count));
        await again.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private static async Task PayUntilItDiesAsync(
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
                // The host is dead: what this test waits for.
                return;
            }
        }
    }

    /// <summary>How many halves of each payment the log holds, by its key.</summary>
    private static async Task<Dictionary<string, int>> HalvesAsync(BankClient teller, List<string> accounts)
    {
        var halves = new Dictionary<string, int>();
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
                    halves[key] = halves.GetValueOrDefault(key) + 1;
                }

                cursor = page.TryGetProperty("nextCursor", out var next) ? next.GetString() : null;
            }
            while (cursor is not null);
        }

        return halves;
    }

    private static async Task<decimal> TotalAsync(BankClient teller, List<string> accounts)
    {
        var total = 0m;
        foreach (var account in accounts)
        {
            total += decimal.Parse(await teller.BalanceAsync(account), CultureInfo.InvariantCulture);
        }

        return total;
    }
}
