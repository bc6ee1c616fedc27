using Banking.Accounts.Contracts;
using Banking.Commands.Imports;
using Banking.EventStore.Appending;
using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.Accounts.Tests;

/// <summary>Accounts in a withdrawn currency stay usable: only opening an account requires an active currency.</summary>
public sealed class WithdrawnCurrencyTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task An_account_in_a_withdrawn_currency_is_listed_paid_out_and_closed()
    {
        var (account, other) = (await ImportAsync("1"), await ImportAsync("2"));

        Assert.Contains(
            account, (await _teller.GetAsync("/v1/accounts?currency=BGN")).Ok().Items().Select(a => a.GetProperty("id").GetString()));
        Assert.Equal("100.00", await _teller.BalanceAsync(account));
        (await _teller.DepositAsync(account, "1.00", "BGN")).Created();
        (await _teller.TransferAsync(account, other, "40.00", "BGN")).Created();
        var paid = (await _teller.WithdrawAsync(account, "61.00", "BGN")).Created();
        var entries = await _teller.GetCurrentAsync("/v1/entries?amount=61.00&currency=BGN", paid.Header("Ledger-Position")!);
        Assert.Single(entries.Ok().Items());
        var all = (await _teller.GetAsync("/v1/entries?currency=BGN&limit=100")).Ok().Items();
        Assert.All(all, e => Assert.Equal("BGN", e.GetProperty("entry").GetProperty("amount").GetProperty("currency").GetString()));
        Assert.Equal(6, all.Count);
        var why = new { reasonCode = "left", reason = "The currency is the euro now." };
        (await _teller.PostAsync($"/v1/accounts/{account}/overdraft-limit", new { limit = "5.00", why.reasonCode, why.reason })).Ok();
        Assert.Equal("closed", (await _teller.PostAsync($"/v1/accounts/{account}/close", why)).Ok().Text("status"));

        var balances = (await bank.As("auditor").GetCurrentAsync("/v1/ledger/trial-balance", paid.Header("Ledger-Position")!)).Ok();
        Assert.Contains("BGN", balances.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_account_is_opened_in_a_withdrawn_currency_and_no_other_account_accepts_it()
    {
        var no = await _teller.PostAsync("/v1/accounts", new { customerId = await _teller.RegisterAsync(), currency = "BGN" });
        Assert.Equal((422, "unknown_currency"), (no.StatusCode, no.Code));

        var mismatch = await _teller.DepositAsync(await _teller.OpenAsync(), "1.00", "BGN");
        Assert.Equal((422, "currency_mismatch"), (mismatch.StatusCode, mismatch.Code));
    }

    /// <summary>Imports an account that was opened while the currency was active.</summary>
    private async Task<string> ImportAsync(string externalId)
    {
        Assert.True(PublicId.TryParse("cus", await _teller.RegisterAsync(), out var owner));
        Assert.True(Currency.TryParseEver("BGN", out var lev));
        var id = Ids.Next(bank.Clock);
        var opened = bank.Clock.Now.AddYears(-3);
        var history = new AccountHistory(
            id,
            AccountNumber.Create("XB", "LEV000000000" + externalId),
            externalId,
            owner,
            [],
            lev,
            "current",
            opened,
            new("test", "accounts", 1, externalId),
            [
                new(
                    Ids.Next(bank.Clock),
                    Direction.Credit,
                    new(100_00, lev),
                    opened.AddDays(1),
                    BankSide.Cash,
                    new(),
                    new("test", "rows", 1, externalId),
                    null),
            ]);
        await AccountsModule.ImportAsync(
            new HistoryImport(bank.Store, bank.Database, bank.Clock, new([], new())), "test", [history], _ => { },
            TestContext.Current.CancellationToken);
        return PublicId.Format("acc", id);
    }
}
