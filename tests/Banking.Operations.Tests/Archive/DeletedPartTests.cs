using System.Globalization;
using System.Net;
using Banking.EventStore.Log;
using Banking.ReadModels.Comparing;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests.Archive;

/// <summary>
/// Data that is derived from streams is compared and repaired after their oldest events were deleted, and readers of the feed pass these.
/// </summary>
public sealed class DeletedPartTests(DeletedPartBank bank) : IClassFixture<DeletedPartBank>
{
    private static readonly object Why = new { reasonCode = "drill", reason = "Forged by a test" };

    private readonly BankClient _teller = bank.As("teller");
    private readonly BankClient _operator = bank.As("operator");

    [Fact]
    public async Task Nothing_differs_and_the_account_continues()
    {
        Assert.Equal("94.00", await _teller.BalanceAsync(bank.Payer));
        (await _teller.TransferAsync(bank.Payer, bank.Payee, "1.00")).Created();
        (await _teller.TransferAsync(bank.Payee, bank.Payer, "1.00")).Created();

        Assert.Empty(await bank.DifferencesAsync());
        Assert.Empty(await LongAsync(bank.Payer));
        Assert.Empty(await LongAsync(bank.Closed));
    }

    [Fact]
    public async Task A_forged_state_of_an_open_account_is_found_and_repaired()
    {
        var stream = DeletedPartBank.StreamOf(bank.Payer);
        await bank.ForgeAsync(
            $"update accounts.mt_doc_account set data = jsonb_set(data, '{{balance,minor}}', '999900') where id = '{stream}'");

        Assert.Contains(await bank.DifferencesAsync(), d => d.StartsWith($"entries state {stream}", StringComparison.Ordinal));
        Assert.Contains(await LongAsync(bank.Payer), d => d.Table == StateComparison.State);
        (await _operator.PostAsync("/ops/projections/entries/repair", Why)).Ok();

        Assert.Empty(await bank.DifferencesAsync());
        Assert.Equal([9_400L], await bank.QueryAsync<long>(
            "select (data -> 'balance' ->> 'minor')::bigint from accounts.mt_doc_account where id = $1", stream));
    }

    [Fact]
    public async Task Forged_rows_after_the_deleted_events_are_found_and_repaired_and_the_rows_before_them_stay()
    {
        var stream = DeletedPartBank.StreamOf(bank.Payee);
        var rows = await RowsAsync();
        foreach (var forge in (string[])[
            "update accounts.entry set balance = balance + 1 where account = '{0}' and version = (select max(version) from accounts.entry "
                + "where account = '{0}')",
            "update ledger.journal set credit = credit + 1 where position = (select max(position) from ledger.journal "
                + "where account = '{0}')",
            "update audit.event_index set actor = 'other' where position = (select max(position) from audit.event_index where stream = "
                + "'{0}')"])
        {
            await bank.ForgeAsync(string.Format(CultureInfo.InvariantCulture, forge, stream));
        }

        Assert.Equal(
            ["audit", "entries", "ledger"], (await LongAsync(bank.Payee)).Select(d => d.Model).Distinct().Order(StringComparer.Ordinal));
        var repaired = (await _operator.PostAsync($"/ops/accounts/{bank.Payee}/replay?repair=true", Why)).Ok();

        Assert.Equal(0, repaired.Json.GetProperty("differences").GetArrayLength());
        Assert.Equal(rows, await RowsAsync());
        Assert.Empty(await bank.DifferencesAsync());

        Task<List<string>> RowsAsync() => bank.QueryAsync<string>(
            """
            select e::text from accounts.entry e where account = $1 union all select d::text from accounts.entry_day d where account = $1
            union all select j::text from ledger.journal j where account = $1
            union all select i::text from audit.event_index i where stream = $1 order by 1
            """,
            stream);
    }

    [Fact]
    public async Task A_forged_balance_of_an_account_whose_events_were_all_deleted_is_found()
    {
        var stream = DeletedPartBank.StreamOf(bank.Closed);
        await ForgeAsync("5");

        Assert.Contains(await bank.DifferencesAsync(), d => d.StartsWith($"entries state {stream}", StringComparison.Ordinal));
        await ForgeAsync("0");
        Assert.Empty(await bank.DifferencesAsync());
        var replayed = await _operator.PostAsync($"/ops/accounts/{bank.Closed}/replay", Why);
        Assert.Equal((410, "archive_deleted"), (replayed.StatusCode, replayed.Code));

        Task ForgeAsync(string minor) => bank.ForgeAsync(
            $"update accounts.mt_doc_account set data = jsonb_set(data, '{{balance,minor}}', '{minor}') where id = '{stream}'");
    }

    [Fact]
    public async Task The_feed_is_read_from_the_beginning_to_the_end_by_continuing_after_each_deleted_part()
    {
        // The host of the bank has the deleted events in memory still.
        await using var host = await bank.StartAnotherAsync();
        // The feed ends at the high-water mark, which a new host has yet to find.
        await host.Services.GetRequiredService<HighWaterMark>().LookAsync(CancellationToken.None);
        var (auditor, after, gaps, last) = (BankFixture.On(host, "auditor"), "0", 0, "");
        for (var isEnd = false; !isEnd;)
        {
            var page = await auditor.GetAsync($"/v1/feed?after={after}&limit=500");
            if (page.Status == HttpStatusCode.Gone)
            {
                Assert.Equal("archive_deleted", page.Code);
                var stream = await auditor.GetAsync($"/v1/feed?after={after}", ("Accept", "text/event-stream"));
                Assert.Equal((410, page.Text("position")), (stream.StatusCode, stream.Text("position")));
                Assert.True(Number(page.Text("position")) > Number(after));
                (after, gaps) = (page.Text("position"), gaps + 1);
                continue;
            }

            var items = page.Ok().Items();
            last = items.Count > 0 ? items[^1].GetProperty("type").GetString() : last;
            (isEnd, after) = (page.Text("nextCursor") == after, page.Text("nextCursor"));
        }

        Assert.InRange(gaps, 1, 10);
        Assert.StartsWith("banking.account.transfer-", last, StringComparison.Ordinal);

        static long Number(string position) => long.Parse(position, CultureInfo.InvariantCulture);
    }

    private Task<IReadOnlyList<Banking.ReadModels.Books.Difference>> LongAsync(string account) =>
        bank.Host.Services.GetRequiredService<StreamVerification>().CompareLongAsync(
            DeletedPartBank.StreamOf(account), CancellationToken.None);
}
