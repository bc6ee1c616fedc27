using System.Globalization;
using Banking.Testing;

namespace Banking.Ledger.Tests;

/// <summary>An answer of the ledger about a past instant never changes, however soon it is asked for, or says that it may.</summary>
public sealed class KnownAtTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");
    private readonly BankClient _auditor = bank.As("auditor");

    [Fact]
    public async Task While_money_moves_an_answer_about_a_moment_ago_is_the_same_later()
    {
        var accounts = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            accounts.Add(await _teller.OpenAsync(balance: "1000.00"));
        }

        using var stop = new CancellationTokenSource();
        var moving = Enumerable.Range(0, 3).Select(n => MoveAsync(accounts[n], accounts[n + 1], stop.Token)).ToList();
        var answers = new Dictionary<string, string>();
        for (var i = 0; i < 15; i++)
        {
            foreach (var path in (string[])["trial-balance?", "balance-sheet?", "accounts/customer-deposits/explain?"])
            {
                // A command that begins now is recorded after that.
                var question = $"/v1/ledger/{path}knownAt={Query(bank.Clock.Now.AddMicroseconds(-1))}";
                var answer = (await _auditor.GetAsync(question)).Ok();
                if (answer.Header("Ledger-Stale") is null)
                {
                    answers[question] = answer.Body;
                }
            }
        }

        await stop.CancelAsync();
        await Task.WhenAll(moving);
        Assert.InRange(answers.Count, 30, 45);
        Assert.InRange(answers.Values.Distinct().Count(), 15, 45);
        var end = (await _teller.DepositAsync(accounts[0], "1.00")).Created().Header("Ledger-Position")!;
        foreach (var (question, body) in answers)
        {
            Assert.Equal((question, body), (question, (await _auditor.GetCurrentAsync(question, end)).Ok().Body));
        }
    }

    [Fact]
    public async Task An_answer_that_may_still_change_says_so_and_one_about_the_far_past_does_not_wait()
    {
        var account = await _teller.OpenAsync(balance: "1.00");
        var past = bank.Clock.Now;
        bank.Clock.Advance(TimeSpan.FromHours(1));
        var end = (await _teller.DepositAsync(account, "1.00")).Created().Header("Ledger-Position")!;
        (await _auditor.GetCurrentAsync("/v1/ledger/trial-balance", end)).Ok();
        var now = bank.Clock.Now;

        Assert.Null(await StaleAsync(now, "wait=10"));
        await using (await HeldLock.OfAccountAsync(bank.ConnectionString, account))
        {
            // A command that has locked the account may have read the clock already.
            Assert.Equal("true", await StaleAsync(now));
            Assert.Null(await StaleAsync(past));
        }

        await using (await HeldLock.OfBookAsync(bank.ConnectionString, "ledger"))
        {
            (await _teller.DepositAsync(account, "1.00")).Created();
            Assert.Equal("true", await StaleAsync(now));
            Assert.Null(await StaleAsync(past));
        }

        Assert.Null(await StaleAsync(now, "wait=10"));
    }

    private async Task<string?> StaleAsync(DateTimeOffset knownAt, string prefer = "wait=0") => (await _auditor.GetAsync(
        $"/v1/ledger/accounts/cash/entries?knownAt={Query(knownAt)}", ("Prefer", prefer))).Ok().Header("Ledger-Stale");

    private async Task MoveAsync(string from, string to, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            bank.Clock.Advance(TimeSpan.FromMicroseconds(1));
            (await _teller.TransferAsync(from, to, "0.01")).Created();
        }
    }

    private static string Query(DateTimeOffset instant) => Uri.EscapeDataString(instant.ToString("O", CultureInfo.InvariantCulture));
}
