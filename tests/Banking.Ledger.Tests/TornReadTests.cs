using Banking.Ledger.ReadModels;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Ledger.Tests;

/// <summary>A ledger that is read while it is written shows each entry completely or not at all.</summary>
public sealed class TornReadTests(BankFixture bank, ITestOutputHelper output) : IClassFixture<BankFixture>
{
    private const int ReadsOfNow = 10_000;
    private const int ReadsOfThen = 1_000;

    [Fact]
    public async Task While_money_moves_no_read_is_out_of_balance()
    {
        var teller = bank.As("teller");
        var accounts = new List<string>();
        for (var i = 0; i < 8; i++)
        {
            accounts.Add(await teller.OpenAsync(balance: "1000.00"));
        }

        var balances = bank.Host.Services.GetRequiredService<GlBalances>();
        using var stop = new CancellationTokenSource();
        var moving = Enumerable.Range(0, 4).Select(n => MoveAsync(teller, accounts, n, stop.Token)).ToList();

        var wrong = 0;
        var states = new HashSet<decimal>();
        for (var i = 0; i < ReadsOfNow + ReadsOfThen; i++)
        {
            // Without an instant only sums are read; with an instant, sums and entries.
            var instant = i % (ReadsOfNow / ReadsOfThen + 1) == 0 ? bank.Clock.Now : (DateTimeOffset?)null;
            var read = await balances.ReadAsync(DateOnly.MaxValue, instant, CancellationToken.None);
            wrong += read.Sum(b => b.Net) == 0 && read.Sum(b => b.Account.Name == "transfers-in-transit" ? b.Net : 0) == 0 ? 0 : 1;
            states.Add(read.Sum(b => b.Debits));
        }

        await stop.CancelAsync();
        var transfers = (await Task.WhenAll(moving)).Sum();
        output.WriteLine(
            $"{ReadsOfNow + ReadsOfThen} reads, {wrong} wrong, during {transfers} transfers; {states.Count} different states were seen.");
        Assert.Equal(0, wrong);
        // Transfers were booked, and the reads saw many different states.
        Assert.InRange(transfers, 100, int.MaxValue);
        Assert.InRange(states.Count, 10, int.MaxValue);
    }

    private async Task<int> MoveAsync(BankClient teller, List<string> accounts, int n, CancellationToken stop)
    {
        var done = 0;
        while (!stop.IsCancellationRequested)
        {
            bank.Clock.Advance(TimeSpan.FromMicroseconds(1));
            (
                await teller.TransferAsync(accounts[(n + done) % accounts.Count], accounts[(n + done + 1) % accounts.Count], "0.01")
            ).Created();
            done++;
        }

        return done;
    }
}
