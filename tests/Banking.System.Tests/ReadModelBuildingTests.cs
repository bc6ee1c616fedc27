using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>A host of a new version, whose read models still are those of the version before.</summary>
public sealed class ReadModelBuildingTests(BankFixture bank) : IClassFixture<BankFixture>
{
    [Theory]
    [InlineData("alter view ledger.gl_day rename to later", "alter view ledger.later rename to gl_day")]
    [InlineData("alter view ledger.gl_day rename column debits to later", "alter view ledger.gl_day rename column later to debits")]
    public async Task A_read_from_a_model_that_lacks_what_is_new_is_to_be_repeated(string before, string after)
    {
        await ExecuteAsync(before);
        var answer = await bank.As("auditor").GetAsync("/v1/ledger/trial-balance");
        await ExecuteAsync(after);

        Assert.Equal((503, "read_model_building", "1"), (answer.StatusCode, answer.Code, answer.Header("Retry-After")));
        (await bank.As("auditor").GetAsync("/v1/ledger/trial-balance")).Ok();
    }

    [Fact]
    public async Task Any_other_table_that_is_missing_is_a_fault_of_the_bank()
    {
        await ExecuteAsync("alter table accounts.mt_doc_account rename to later");
        var answer = await bank.As("auditor").GetAsync("/v1/accounts");
        await ExecuteAsync("alter table accounts.later rename to mt_doc_account");

        Assert.Equal((500, "internal_error"), (answer.StatusCode, answer.Code));
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = bank.Owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
