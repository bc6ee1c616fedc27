using Banking.Accounts.Domain;
using Banking.Testing;
using Npgsql;

namespace Banking.Accounts.Tests;

/// <summary>
/// A stored account is a cache of its stream: if it is damaged, the next command computes the right balance and repairs it.
/// </summary>
public sealed class SnapshotTests(BankFixture bank) : IClassFixture<BankFixture>
{
    [Theory]
    [InlineData("missing", "delete from accounts.mt_doc_account where id = $1")]
    [InlineData(
        "behind",
        "update accounts.mt_doc_account set mt_version = 1, "
            + "data = jsonb_set(jsonb_set(data, '{version}', '1'), '{balance,minor}', '0') where id = $1"
    )]
    [InlineData(
        "ahead",
        "update accounts.mt_doc_account set mt_version = 9, "
            + "data = jsonb_set(jsonb_set(data, '{version}', '9'), '{balance,minor}', '999999') where id = $1"
    )]
    [InlineData("emptied", "update accounts.mt_doc_account set data = '{}' where id = $1")]
    public async Task The_next_command_repairs_a_stored_account_that_does_not_match_its_stream(
        string state, string damage)
    {
        var teller = bank.As("teller");
        var account = await teller.OpenAsync(balance: "100.00");
        (await teller.DepositAsync(account, "50.00")).Created();
        Assert.Equal(1, await bank.ExecuteAsync(damage, Stored.Id(account)));

        var refused = await teller.WithdrawAsync(account, "150.01");
        var accepted = await teller.WithdrawAsync(account, "150.00");

        Assert.Equal((state, 422, "150.00"), (state, refused.StatusCode, refused.Text("available", "value")));
        Assert.Equal(("0.00", "4"), (accepted.Created().Text("balance", "value"), accepted.Text("version")));
        Assert.Equal("0.00", await teller.BalanceAsync(account));
        await using var session = bank.Store.QuerySession();
        var id = Stored.Id(account);
        AccountProperties.Same((await session.Events.AggregateStreamAsync<Account>(id))!, (await session.LoadAsync<Account>(id))!);
    }

    [Fact]
    public async Task An_event_id_is_unique()
    {
        var account = Stored.Id(await bank.As("teller").OpenAsync(balance: "100.00"));
        const string copy =
            """
            insert into bank.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, is_archived)
            select nextval('bank.mt_events_sequence'), id, stream_id, 3, data, type, timestamp, tenant_id, mt_dotnet_type, is_archived
            from bank.mt_events where stream_id = $1 and version = 2
            """;

        var refused = await Assert.ThrowsAsync<PostgresException>(() => bank.ExecuteAsync(copy, account));

        Assert.Equal(PostgresErrorCodes.UniqueViolation, refused.SqlState);
        Assert.EndsWith("id_is_archived_idx", refused.ConstraintName, StringComparison.Ordinal);
    }
}
