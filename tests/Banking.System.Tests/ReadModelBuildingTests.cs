using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>A host of a new version whose read models are still built by the previous version.</summary>
public sealed class ReadModelBuildingTests(BankFixture bank) : IClassFixture<BankFixture>
{
    [Theory]
    [InlineData("alter view ledger.gl_day rename to later", "alter view ledger.later rename to gl_day")]
    [InlineData("alter view ledger.gl_day rename column debits to later", "alter view ledger.gl_day rename column later to debits")]
    public async Task A_read_from_a_model_without_the_new_columns_is_answered_503(string before, string after)
    {
        await ExecuteAsync(before);
        var answer = await bank.As("auditor").GetAsync("/v1/ledger/trial-balance");
        await ExecuteAsync(after);

        Assert.Equal((503, "read_model_building", "1"), (answer.StatusCode, answer.Code, answer.Header("Retry-After")));
        (await bank.As("auditor").GetAsync("/v1/ledger/trial-balance")).Ok();
    }

    [Fact]
    public async Task A_read_over_a_connection_that_prepared_it_for_other_columns_is_answered_503_and_then_again()
    {
        var auditor = bank.As("auditor");
        for (var i = 0; i < 50; i++)
        {
            // A connection prepares a statement that it runs twice, and the pool has several.
            (await auditor.GetAsync("/v1/ledger/trial-balance")).Ok();
        }

        await ExecuteAsync(
            """
            do $$ begin
                alter view ledger.gl_day rename to later;
                execute (
                    select 'create view ledger.gl_day as select '
                        || string_agg(
                            case when attname in ('debits', 'credits') then attname || '::float8' else attname end, ', ' order by attnum)
                        || ' from ledger.later'
                    from pg_attribute where attrelid = 'ledger.later'::regclass and attnum > 0);
                grant select on ledger.gl_day to public;
            end $$
            """);
        // The pool has several connections; only those that prepared the statement before fail, each of them once.
        var answer = await Eventually.UntilAsync(TrialBalanceAsync, a => a.StatusCode != 200);
        await ExecuteAsync("drop view ledger.gl_day; alter view ledger.later rename to gl_day");

        Assert.Equal((503, "read_model_building", "1"), (answer.StatusCode, answer.Code, answer.Header("Retry-After")));
        await Eventually.UntilAsync(TrialBalanceAsync, a => a.StatusCode == 200);

        Task<Answer> TrialBalanceAsync() => auditor.GetAsync("/v1/ledger/trial-balance");
    }

    [Fact]
    public async Task Any_other_missing_table_is_an_internal_error()
    {
        await ExecuteAsync("alter table accounts.mt_doc_account rename to later");
        var answer = await bank.As("auditor").GetAsync("/v1/accounts");
        await ExecuteAsync("alter table accounts.later rename to mt_doc_account");

        Assert.Equal((500, "internal_error"), (answer.StatusCode, answer.Code));
        Assert.DoesNotContain("mt_doc_account", answer.Body, StringComparison.Ordinal);
        // A test that requires another answer says the cause from the log of the host.
        var failed = Assert.Throws<InvalidOperationException>(answer.Ok);
        Assert.Contains("mt_doc_account", failed.Message, StringComparison.Ordinal);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = bank.Owner.CreateCommand(sql);
        await Deadlocks.RetryAsync(() => command.ExecuteNonQueryAsync());
    }
}
