using Banking.Accounts.Contracts;
using Banking.SharedKernel;

namespace Banking.Migration.Tests;

public sealed class HistoryTests : IDisposable
{
    private static readonly Currency Koruna = Currency.Parse("CZK");
    private readonly BerkaFolder _bank = new();

    [Fact]
    public void Clients_become_customers()
    {
        var (man, woman) = (_bank.Plan().Customers[0], _bank.Plan().Customers[1]);
        Assert.Equal(("1", "Client 1", new SourceRow("berka", "client.asc", 2, "1")), (man.ExternalId, man.Name, man.Source));
        Assert.Equal(Details("1945-02-04", "male", "18"), man.Details);
        Assert.Equal(Details("1940-10-09", "female", "1"), woman.Details);
    }

    [Fact]
    public void Accounts_become_accounts_with_owner_and_delegates()
    {
        var plan = _bank.Plan();
        var account = plan.Accounts[0];
        Assert.Equal(("10", "current", Koruna), (account.ExternalId, account.Product, account.Currency));
        Assert.Equal(AccountNumber.Create("XB", "BERK000000000010"), account.Number);
        Assert.Equal(new(1993, 1, 1, 0, 0, 0, TimeSpan.Zero), account.OpenedAt);
        Assert.Equal(new("berka", "account.asc", 2, "10"), account.Source);
        Assert.Equal(plan.Customers[0].CustomerId, account.OwnerId);
        Assert.Equal([new(plan.Customers[1].CustomerId, new("berka", "disp.asc", 3, "2"))], account.Delegates);
        Assert.Empty(plan.Accounts[1].Delegates);
    }

    [Theory]
    [InlineData("POPLATEK MESICNE", StatementFrequency.Monthly)]
    [InlineData("POPLATEK TYDNE", StatementFrequency.Weekly)]
    [InlineData("POPLATEK PO OBRATU", StatementFrequency.EachTransaction)]
    public void Accounts_keep_the_frequency_of_their_statements(string word, StatementFrequency frequency)
    {
        _bank.Edit("account.asc", "POPLATEK MESICNE", word);
        Assert.Equal([frequency, StatementFrequency.EachTransaction], _bank.Plan().Accounts.Select(account => account.Statements));
    }

    [Fact]
    public void Rows_become_movements_with_all_their_fields()
    {
        var row = _bank.Plan().Accounts[0].Movements[1];
        Assert.Equal((Direction.Debit, new Money(20_000, Koruna), BankSide.Settlement), (row.Direction, row.Amount, row.BankSide));
        Assert.Equal(new(1993, 1, 2, 0, 0, 0, TimeSpan.Zero), row.EffectiveAt);
        Assert.Equal(new("transfer-out", new(Text: "household"), null, new("YZ", "87144583")), row.Details);
        Assert.Equal(new("berka", "trans.asc", 3, "101"), row.Source);
        Assert.Null(row.Rounding);
    }

    [Theory]
    [InlineData("1000.10", Direction.Credit)]
    [InlineData("999.90", Direction.Debit)]
    public void A_rounded_row_gets_a_correction(string recorded, Direction direction)
    {
        _bank.Transactions($"100;10;930101;\"PRIJEM\";\"VKLAD\";1000.00;{recorded};\"\";;");
        var rounding = _bank.Plan().Accounts[0].Movements[0].Rounding;
        Assert.Equal((direction, new Money(10, Koruna)), (rounding?.Direction, rounding?.Amount));
        Assert.Equal(recorded, _bank.Plan().Summary.ClosingBalance.ToDecimalString());
    }

    [Fact]
    public void A_gap_gets_a_discrepancy_and_no_correction()
    {
        _bank.Transactions(
            """100;10;930101;"PRIJEM";"VKLAD";1000.00;999.89;"";;""",
            """101;10;930102;"PRIJEM";"VKLAD";1.00;1000.89;"";;""");
        var summary = _bank.Plan().Summary;
        Assert.All(_bank.Plan().Accounts[0].Movements, row => Assert.Null(row.Rounding));
        Assert.Equal(
            new(100, 10, new(1993, 1, 1), new(99_989, Koruna), new(100_000, Koruna), new(-11, Koruna)),
            Assert.Single(summary.Discrepancies));
        Assert.Equal((1, 0, "1001.00"), (summary.Exact, summary.Rounded, summary.ClosingBalance.ToDecimalString()));
    }

    [Fact]
    public void A_row_of_zero_and_a_negative_balance_are_facts_too()
    {
        _bank.Transactions(
            """100;10;930101;"PRIJEM";"";0.00;0.00;"UROK";;""",
            """101;10;930102;"VYBER";"VYBER";1.50;-1.50;" ";;0""");
        var rows = _bank.Plan().Accounts[0].Movements;
        Assert.Equal((0, new MovementDetails(Purpose: new(Text: "interest"))), (rows[0].Amount.Minor, rows[0].Details));
        Assert.Equal((Direction.Debit, new MovementDetails("cash-out")), (rows[1].Direction, rows[1].Details));
        Assert.Equal("-1.50", _bank.Plan().Summary.ClosingBalance.ToDecimalString());
    }

    public void Dispose() => _bank.Dispose();

    private static Dictionary<string, string> Details(string birthDate, string gender, string district) =>
        new() { ["birthDate"] = birthDate, ["gender"] = gender, ["district"] = district };
}
