using Banking.Accounts.ReadModels;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.System.Tests;

/// <summary>A page of newest rows looks at a limited number of rows; all pages together have every row that matches, once.</summary>
public sealed class NewestRowsTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Pages_that_end_early_have_all_rows_together(bool ofAccounts, bool byRecordedTime)
    {
        var accounts = new List<Guid>();
        foreach (var _ in Enumerable.Range(0, 3))
        {
            var account = await _teller.OpenAsync();
            accounts.Add(PublicId.TryParse("acc", account, out var id) ? id : throw new InvalidOperationException(account));
            await _teller.OpenAsync(currency: "USD", balance: "7.00");
        }

        // The accounts differ in how many of their rows match, and the last rows of one are older than all of another.
        foreach (var (account, amount) in new[] { (0, 5), (0, 6), (1, 5), (1, 5), (0, 6), (0, 6), (0, 6), (1, 6), (2, 6), (2, 6), (2, 5) })
        {
            bank.Clock.Advance(TimeSpan.FromSeconds(1));
            (await _teller.DepositAsync(PublicId.Format("acc", accounts[account]), $"{amount}.00")).Created();
        }

        (await _teller.GetCurrentAsync("/v1/entries", await bank.LastAsync())).Ok();
        var five = new Money(500, Currency.Parse("EUR"));
        var search = new RowSearch(
            ofAccounts ? [.. accounts] : null,
            new() { Minimum = five, Maximum = five, Currency = five.Currency },
            byRecordedTime);
        var expected = (await AllAsync(search, 100, NewestRows.MaxRows)).Rows;
        Assert.True(expected.Count >= 4);

        foreach (var maxRows in (int[])[1, 2, 3])
        {
            var (rows, emptyPages) = await AllAsync(search, 2, maxRows);
            Assert.Equal((maxRows, string.Join(' ', expected)), (maxRows, string.Join(' ', rows)));
            // In the order of positions only rows of the amount are looked at: it has an index.
            Assert.Equal(ofAccounts || byRecordedTime, emptyPages > 0);
        }
    }

    [Fact]
    public async Task A_search_of_recent_entries_ends_soon_after_the_last_of_them()
    {
        var account = await _teller.OpenAsync();
        (await _teller.DepositAsync(account, "1.00")).Created();
        bank.Clock.Advance(TimeSpan.FromHours(1));
        var from = bank.Clock.Now;
        (await _teller.DepositAsync(account, "2.00")).Created();
        (await _teller.GetCurrentAsync("/v1/entries", await bank.LastAsync())).Ok();
        var rows = bank.Host.Services.GetRequiredService<NewestRows>();
        var ct = TestContext.Current.CancellationToken;

        var page = await rows.ReadAsync(new(null, new() { Effective = new(from, null) }, false), null, 10, ct, maxRows: 2);

        Assert.Single(page.Rows);
        Assert.Null(page.Next);
    }

    private async Task<(List<long> Rows, int EmptyPages)> AllAsync(RowSearch search, int limit, int maxRows)
    {
        var rows = bank.Host.Services.GetRequiredService<NewestRows>();
        var (found, emptyPages, ct) = (new List<long>(), 0, TestContext.Current.CancellationToken);
        for (PageStart? before = null; ;)
        {
            var page = await rows.ReadAsync(search, before, limit, ct, maxRows);
            found.AddRange(page.Rows.Select(r => r.Position));
            if (page.Next is not { } next)
            {
                return (found, emptyPages);
            }

            emptyPages += page.Rows.Count == 0 ? 1 : 0;
            before = await rows.FindAsync(next, search.Accounts, search.Filter, ct);
        }
    }
}
