using Banking.Testing;

namespace Banking.Accounts.Tests;

/// <summary>
/// Commands treat an archived stream as not found, and append nothing to it.
/// </summary>
public sealed class ArchivedStreamTests(BankFixture bank) : IClassFixture<BankFixture>
{
    [Fact]
    public async Task Commands_on_an_archived_account_find_no_account_and_append_nothing()
    {
        var teller = bank.As("teller");
        var (archived, other) = (await ArchivedAsync(), await teller.OpenAsync(balance: "100.00"));

        Assert.Equal((404, "account_not_found"), await AnswerAsync(teller.DepositAsync(archived, "1.00")));
        Assert.Equal((404, "account_not_found"), await AnswerAsync(teller.WithdrawAsync(archived, "1.00")));
        Assert.Equal((404, "account_not_found"), await AnswerAsync(teller.TransferAsync(archived, other, "1.00")));
        Assert.Equal((404, "account_not_found"), await AnswerAsync(teller.TransferAsync(other, archived, "1.00")));
        Assert.Equal(
            (404, "account_not_found"),
            await AnswerAsync(teller.PostAsync($"/v1/accounts/{archived}/close", new { reasonCode = "wish", reason = "By letter" })));

        Assert.Equal(
            [true, true], await bank.QueryAsync<bool>("select is_archived from bank.mt_events where stream_id = $1", Stored.Id(archived)));
        Assert.Equal([true], await bank.QueryAsync<bool>("select is_archived from bank.mt_streams where id = $1", Stored.Id(archived)));
        Assert.Equal("100.00", await teller.BalanceAsync(other));
    }

    private static async Task<(int, string)> AnswerAsync(Task<Answer> answer) => ((await answer).StatusCode, (await answer).Code);

    private async Task<string> ArchivedAsync()
    {
        var account = await bank.As("teller").OpenAsync(balance: "100.00");
        // As the owner, with Marten's function: the host's role has no right to it.
        await bank.ExecuteAsync("select bank.mt_archive_stream($1)", Stored.Id(account));
        return account;
    }
}
