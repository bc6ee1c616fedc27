using Banking.Testing;
using Npgsql;

namespace Banking.Operations.Tests;

/// <summary>An open transaction with a position holds the high-water mark back, and operators can see which one it is.</summary>
public sealed class HeldBackTests(BankFixture bank) : IClassFixture<BankFixture>
{
    [Fact]
    public async Task The_transaction_that_holds_read_models_back_is_listed()
    {
        var teller = bank.As("teller");
        var account = await teller.OpenAsync(balance: "10.00");
        await using var writer = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(bank.ConnectionString) { ApplicationName = "left-open", Pooling = false }.ConnectionString);
        await writer.OpenAsync();
        await using var transaction = await writer.BeginTransactionAsync();
        await using var draw = new NpgsqlCommand("select nextval('bank.mt_events_sequence')", writer, transaction);
        await draw.ExecuteScalarAsync();
        (await teller.DepositAsync(account, "1.00")).Created();

        var held = (await bank.As("operator").GetAsync("/ops/projections")).Ok();
        await transaction.RollbackAsync();
        var free = (await bank.As("operator").GetAsync("/ops/projections")).Ok();

        var holder = Assert.Single(held.Json.GetProperty("heldBackBy").EnumerateArray());
        Assert.Equal(
            (writer.ProcessID, "left-open", "idle in transaction"),
            (
                holder.GetProperty("process").GetInt32(),
                holder.GetProperty("application").GetString(),
                holder.GetProperty("state").GetString()));
        Assert.Empty(free.Json.GetProperty("heldBackBy").EnumerateArray());
    }
}
