namespace Banking.Migration.Tests;

public sealed class ReportTests : IDisposable
{
    private readonly BerkaFolder _bank = new();

    [Fact]
    public void The_report_is_one_object_with_amounts_as_decimal_strings()
    {
        _bank.Edit("trans.asc", ";500.00;500.00;", ";500.00;499.50;");
        Assert.Equal(
            """
            {
              "customers": 2,
              "accounts": 2,
              "transactions": 3,
              "exact": 2,
              "rounded": 0,
              "discrepancies": [
                {
                  "transactionId": 102,
                  "accountId": 20,
                  "date": "1993-01-05",
                  "recorded": "499.50",
                  "replayed": "500.00",
                  "missing": "-0.50"
                }
              ],
              "credits": "1500.00",
              "debits": "200.00",
              "closingBalance": "1300.00",
              "seconds": 0.25,
              "eventsPerSecond": 32000,
              "imported": true,
              "copies": 1
            }
            """.ReplaceLineEndings(),
            MigrationReport.Of(_bank.Plan().Summary, seconds: 0.25, eventsPerSecond: 32_000, imported: true).ToJson());
    }

    [Fact]
    public void The_report_of_several_copies_has_the_figures_of_all_and_lists_each_discrepancy_once()
    {
        _bank.Edit("trans.asc", ";500.00;500.00;", ";500.00;499.50;");
        var summary = _bank.Plan().Summary;

        var report = MigrationReport.Of(summary.Multiply(3), seconds: 0.25, eventsPerSecond: 32_000, imported: true);

        Assert.Equal(
            (6, 6, 9, 6, 0, 3),
            (report.Customers, report.Accounts, report.Transactions, report.Exact, report.Rounded, report.Copies));
        Assert.Equal(("4500.00", "600.00", "3900.00"), (report.Credits, report.Debits, report.ClosingBalance));
        Assert.Equal("-0.50", Assert.Single(report.Discrepancies).Missing);
        Assert.Equal(summary, summary.Multiply(1));
    }

    [Fact]
    public void Sums_of_copies_can_exceed_64_bits()
    {
        var summary = _bank.Plan().Summary with { Debits = new(-(long.MaxValue / 10), SharedKernel.Currency.Parse("CZK")) };

        Assert.Equal("-92233720368547758.00", summary.Multiply(10).Debits.ToDecimalString());
        Assert.Equal("-101457092405402533.80", summary.Multiply(11).Debits.ToDecimalString());
        Assert.Equal("-101457092405402533.80", MigrationReport.Of(summary.Multiply(11), 1, 1, true).Debits);
        Assert.Throws<OverflowException>(() => (summary with { Transactions = int.MaxValue }).Multiply(2));
    }

    [Fact]
    public void Discrepancies_are_ordered_by_date_and_account()
    {
        _bank.Transactions(
            """1;20;930106;"PRIJEM";"VKLAD";1.00;2.00;"";;""",
            """2;20;930105;"PRIJEM";"VKLAD";1.00;5.00;"";;""",
            """3;10;930106;"PRIJEM";"VKLAD";1.00;2.00;"";;""");
        Assert.Equal([2, 3, 1], _bank.Plan().Summary.Discrepancies.Select(found => found.TransactionId));
    }

    public void Dispose() => _bank.Dispose();
}
