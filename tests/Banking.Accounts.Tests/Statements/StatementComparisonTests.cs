using Banking.Accounts.Statements.Domain;
using Banking.ReadModels.Books;
using Banking.ReadModels.Verifying;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Accounts.Tests.Statements;

/// <summary>A full verification reads each issued statement again. The bank's clock stands at 17 November 2026.</summary>
public sealed class StatementComparisonTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private static readonly DateTimeOffset Opened = new(2026, 10, 20, 8, 0, 0, TimeSpan.Zero);

    private BankClient Teller => bank.As("teller");

    [Theory]
    [InlineData("update accounts.entry set effective_at = effective_at + interval '1 day' where account = $1 and version = 2")]
    [InlineData("update bank.mt_events set data = jsonb_set(data, '{amount,minor}', '7001') where stream_id = $1 and version = 2")]
    [InlineData(
        "update bank.mt_events set data = jsonb_set(data, '{contentHash}', to_jsonb(repeat('a', 64))) "
            + "where data ->> 'account' = $1::text and type = 'accounts.statement-issued.v1'")]
    public async Task A_statement_that_differs_from_its_entries_is_named_with_account_and_period(string forgery)
    {
        var account = await Teller.OpenAsync(effectiveAt: Opened);
        var booked = (await Teller.DepositOnAsync(account, "2026-10-25", "70.00")).Created();
        var statement = await Teller.IssuedAsync(account, "2026-10-25", "2026-10-26");
        await Teller.IssuedAsync(account, "2026-10-20", "2026-10-21");
        (await Teller.GetCurrentAsync("/v1/entries", booked.Header("Ledger-Position")!)).Ok();
        Assert.Empty(await CompareAsync(account));

        Assert.InRange(await bank.ExecuteAsync(forgery, Stored.Id(account)), 1, 2);

        var found = await CompareAsync(account);
        var difference = Assert.Single(found, d => d.Found!.Contains(statement, StringComparison.Ordinal));
        Assert.Contains(account, difference.Expected, StringComparison.Ordinal);
        Assert.Contains("2026-10-25", difference.Expected, StringComparison.Ordinal);
        Assert.Contains("2026-10-26", difference.Expected, StringComparison.Ordinal);
        Assert.Empty(await CompareAsync(account, limit: 1_000));
    }

    [Fact]
    public async Task A_restatement_and_a_statement_of_one_entry_are_no_differences_while_they_are_as_issued()
    {
        var account = await Teller.OpenAsync(effectiveAt: Opened);
        (await Teller.PostAsync($"/v1/accounts/{account}/statement-schedule", new { frequency = "each-transaction" })).Ok();
        (await Teller.DepositOnAsync(account, "2026-10-25", "70.00")).Created();
        await Teller.IssuedAsync(account, "2026-10-25", "2026-10-27");
        (await Teller.DepositOnAsync(account, "2026-10-26", "5.00")).Created();
        await Teller.IssuedAsync(account, "2026-10-25", "2026-10-27");
        await Eventually.UntilAsync(
            () => bank.QueryAsync<long>(
                "select count(*) from bank.mt_events where stream_id = $1 and type = 'accounts.statement-issued.v1'",
                AccountStatements.IdOf(Stored.Id(account))),
            count => count is [4]);
        Assert.Empty(await CompareAsync(account));

        // The restatement alone says what was added; the entry of the day after is in the other statement of the period too.
        await bank.ExecuteAsync(
            "update bank.mt_events set data = jsonb_set(data, '{addedHash}', to_jsonb(repeat('a', 64))) where stream_id = $1 "
                + "and data ? 'addedHash' and data ->> 'supersedes' is not null",
            AccountStatements.IdOf(Stored.Id(account)));

        Assert.Single(await CompareAsync(account));
    }

    private async Task<IReadOnlyList<Difference>> CompareAsync(string account, int? limit = null)
    {
        var verification = bank.Host.Services.GetRequiredService<Verification>();
        var result = await verification.RunAsync(Guid.Empty, limit, _ => { }, CancellationToken.None);
        return [.. result.Differences.Where(d => d.Model == "issued-statements" && d.Stream == AccountStatements.IdOf(Stored.Id(account)))];
    }
}
