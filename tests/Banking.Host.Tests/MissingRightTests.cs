using Banking.Host.Database;
using Banking.ReadModels.Books;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Banking.Host.Tests;

/// <summary>A host without the owner's connection reports a missing right of its role before it serves.</summary>
public sealed class MissingRightTests(BankFixture bank) : IClassFixture<BankFixture>
{
    [Theory]
    [InlineData("revoke usage on schema publishing_keys from banking_host", "use the schema publishing_keys")]
    [InlineData("revoke select on bank.mt_events from banking_host", "read and add to bank.mt_events")]
    [InlineData("revoke insert on platform.receipt from banking_host", "read and add to platform.receipt")]
    [InlineData("revoke insert on platform.mt_doc_refusal from banking_host", "read and add to platform.mt_doc_refusal")]
    [InlineData("revoke select on platform.moved_clock from banking_host", "read and add to platform.moved_clock")]
    [InlineData("revoke select on platform.schema_part from banking_host", "read platform.schema_part")]
    [InlineData("revoke update (version) on bank.mt_streams from banking_host", "change the version and the timestamp of bank.mt_streams")]
    [InlineData(
        "revoke update (timestamp) on bank.mt_streams from banking_host", "change the version and the timestamp of bank.mt_streams")]
    [InlineData("revoke insert on bank.mt_streams from banking_host", "read and add to bank.mt_streams")]
    [InlineData("revoke update on accounts.mt_doc_account from banking_host", "change rows of accounts.mt_doc_account")]
    [InlineData("revoke delete on accounts.mt_doc_account_number from banking_host", "remove rows of accounts.mt_doc_account_number")]
    [InlineData(
        "revoke update on customers_keys.mt_doc_customer_key from banking_host", "change rows of customers_keys.mt_doc_customer_key")]
    [InlineData("revoke delete on publishing.publisher from banking_host", "remove rows of publishing.publisher")]
    [InlineData("revoke insert on notifications.notification from banking_host", "read and add to notifications.notification")]
    [InlineData("revoke update on platform.read_model from banking_host", "change rows of platform.read_model")]
    [InlineData("revoke update on bank.mt_event_progression from banking_host", "change rows of bank.mt_event_progression")]
    [InlineData("revoke delete on platform.request_key from banking_host", "remove rows of platform.request_key")]
    [InlineData(
        "revoke update on wolverine.wolverine_incoming_envelopes from banking_host",
        "change rows of wolverine.wolverine_incoming_envelopes")]
    [InlineData("revoke usage on sequence bank.mt_events_sequence from banking_host", "use the sequence bank.mt_events_sequence")]
    [InlineData(
        "revoke execute on function platform.keep_receipt_answers(int) from banking_host", "call platform.keep_receipt_answers(integer)")]
    [InlineData("revoke create on schema ledger from banking_host", "create tables in the schema ledger")]
    public async Task Each_kind_of_right_is_missed_and_the_owner_gives_it_again(string change, string right)
    {
        await ExecuteAsync(bank.Owner, change);
        Assert.Equal(right, await FindMissingRightAsync());

        await using (var owner = await bank.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken))
        {
            await SchemaGrants.GrantAsync(owner, DatabaseRoles.Host, Models);
        }

        Assert.Null(await FindMissingRightAsync());
    }

    [Theory]
    [InlineData("create", "create schemas in this database")]
    [InlineData("temporary", "create temporary tables in this database")]
    public async Task A_right_on_the_database_is_missed(string kind, string right)
    {
        var database = new NpgsqlConnectionStringBuilder(bank.ConnectionString).Database;
        await ExecuteAsync(bank.Owner, $"revoke {kind} on database {database} from banking_host, public");
        Assert.Equal(right, await FindMissingRightAsync());

        await ExecuteAsync(bank.Owner, $"grant {kind} on database {database} to banking_host");
        Assert.Null(await FindMissingRightAsync());
    }

    [Theory]
    [InlineData("bank.mt_events_default")]
    [InlineData("bank.mt_streams_default")]
    [InlineData("platform.receipt")]
    public async Task A_disabled_trigger_of_the_log_is_made_again_by_the_owner(string table)
    {
        await ExecuteAsync(bank.Owner, $"alter table {table} disable trigger refuse_change");

        await using (var owner = await bank.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken))
        {
            await SchemaGrants.GrantAsync(owner, DatabaseRoles.Host, Models);
        }

        await using var command = bank.Owner.CreateCommand(
            $"select tgenabled::text from pg_trigger where tgrelid = '{table}'::regclass and tgname = 'refuse_change'");
        Assert.Equal("O", await command.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_table_of_a_read_model_that_belongs_to_another_role_is_missed()
    {
        await ExecuteAsync(bank.Owner, "alter table ledger.journal_g1 owner to banking_owner");
        Assert.Equal("create and drop ledger.journal_g1, which belongs to a read model", await FindMissingRightAsync());

        await ExecuteAsync(bank.Owner, "alter table ledger.journal_g1 owner to banking_host");
        Assert.Null(await FindMissingRightAsync());
    }

    [Fact]
    public async Task A_table_that_is_gone_is_missed() =>
        Assert.Equal("read and add to bank.no_such_table", await FindMissingRightAsync("bank.no_such_table"));

    private IEnumerable<ReadModel> Models => bank.Host.Services.GetServices<ReadModel>();

    private async Task<string?> FindMissingRightAsync(params string[] additionalTables)
    {
        await using var connection = await bank.Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        return await SchemaGrants.FindMissingAsync(
            connection, [.. SchemaPart.CreateAll(bank.Host.Services).SelectMany(p => p.Tables), .. additionalTables], Models);
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
