using System.Text.Json;
using Banking.Testing;

namespace Banking.Accounts.Tests.Statements;

/// <summary>Statements after each transaction follow each other, although each movement may be published in a message of its own.</summary>
public sealed class StatementOrderTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private const int Movements = 40;

    [Fact]
    public async Task A_statement_after_a_transaction_begins_with_the_balance_that_the_one_before_it_ends_with()
    {
        var teller = bank.As("teller");
        var account = await teller.OpenAsync(balance: "10.00");
        bank.Clock.Advance(TimeSpan.FromMinutes(1));
        (await teller.PostAsync($"/v1/accounts/{account}/statement-schedule", new { frequency = "each-transaction" })).Ok();

        for (var i = 0; i < Movements; i++)
        {
            (await teller.DepositAsync(account, "1.00")).Created();
        }

        var statements = (await Eventually.UntilAsync(
            async () => (await teller.GetAsync($"/v1/accounts/{account}/statements")).Ok().Items(),
            items => items.Count == Movements)).Reverse().ToList();
        Assert.Equal(
            Enumerable.Range(10, Movements).Select(euros => ($"{euros}.00", $"{euros + 1}.00")),
            statements.Select(s => (Value(s, "opening"), Value(s, "closing"))));
    }

    private static string Value(JsonElement statement, string balance) =>
        statement.GetProperty(balance).GetProperty("value").GetString()!;
}
