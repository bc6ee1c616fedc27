using Banking.Testing;
using Npgsql;

namespace Banking.Publishing.Tests;

/// <summary>
/// An open transaction that has drawn a position blocks publication: the bank counts the waiting events and names the transaction.
/// </summary>
public sealed class HeldBackTests(BankFixture bank) : IClassFixture<BankFixture>
{
    [Fact]
    public async Task What_waits_is_counted_to_the_end_of_the_log_and_the_transaction_that_holds_it_is_named()
    {
        var teller = bank.As("teller");
        var account = await teller.OpenAsync(balance: "10.00");
        await using var writer = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(bank.ConnectionString) { ApplicationName = "left-open", Pooling = false }.ConnectionString);
        await writer.OpenAsync();
        await using var transaction = await writer.BeginTransactionAsync();
        await using var draw = new NpgsqlCommand("select nextval('bank.mt_events_sequence')", writer, transaction);
        var drawn = (long)(await draw.ExecuteScalarAsync())!;
        (await teller.DepositAsync(account, "1.00")).Created();
        (await teller.DepositAsync(account, "1.00")).Created();

        var blocked = (await bank.As("operator").GetAsync("/ops/outbox")).Ok();
        await transaction.RollbackAsync();
        var unblocked = (await bank.As("operator").GetAsync("/ops/outbox")).Ok();

        Assert.Equal((drawn - 1, drawn + 2), (blocked.Json.GetProperty("position").GetInt64(), blocked.Json.GetProperty("end").GetInt64()));
        Assert.All(blocked.Items(), d => Assert.True(d.GetProperty("waiting").GetInt64() >= 3));
        var holder = Assert.Single(blocked.Json.GetProperty("heldBackBy").EnumerateArray());
        Assert.Equal(
            (writer.ProcessID, "left-open", "idle in transaction"),
            (
                holder.GetProperty("process").GetInt32(),
                holder.GetProperty("application").GetString(),
                holder.GetProperty("state").GetString()));
        Assert.Equal(drawn + 2, unblocked.Json.GetProperty("position").GetInt64());
        Assert.Empty(unblocked.Json.GetProperty("heldBackBy").EnumerateArray());
    }

    [Fact]
    public async Task A_transaction_of_the_bank_that_is_left_open_is_ended_by_the_server()
    {
        await using var connection = await bank.Database.OpenConnectionAsync();
        await using var command = new NpgsqlCommand("select current_setting('idle_in_transaction_session_timeout')", connection);

        Assert.Equal("1min", await command.ExecuteScalarAsync());
    }
}
