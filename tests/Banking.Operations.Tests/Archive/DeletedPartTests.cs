using System.Globalization;
using Banking.ReadModels.Comparing;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests.Archive;

/// <summary>
/// Data that is derived from streams is compared and repaired after their oldest events were deleted.
/// </summary>
public sealed class DeletedPartTests(DeletedPartBank bank) : IClassFixture<DeletedPartBank>
{
    private static readonly object Why = new { reasonCode = "drill", reason = "Forged by a test" };

    private readonly BankClient _teller = bank.As("teller");
    private readonly BankClient _operator = bank.As("operator");

    [Fact]
    public async Task Nothing_differs_and_the_account_goes_on()
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

    private async Task<IReadOnlyList<Banking.ReadModels.Books.Difference>> LongAsync(string account) =>
        (await bank.Host.Services.GetRequiredService<StreamVerification>().CompareLongAsync(
            DeletedPartBank.StreamOf(account), CancellationToken.None)).Differences;
}
