using Banking.Accounts.Contracts;
using Banking.SampleHistory;
using Banking.Testing.Histories;

namespace Banking.Migration.Tests;

/// <summary>
/// The history in samples/history. Its generator knows which rows it rounded and which it omitted, and does not use the
/// importer.
/// </summary>
public sealed class SampleHistoryTests
{
    private static readonly Lazy<SampleBank> Bank = new(() => SampleBank.Create());
    private static readonly Lazy<MigrationPlan> Plan = new(() => Berka.BerkaImport.Plan(History.Of("sample").Folder));

    [Fact]
    public void The_files_equal_the_output_of_the_generator()
    {
        foreach (var (name, bytes) in HistoryFiles.Create(Bank.Value))
        {
            Assert.True(
                bytes.AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(History.Of("sample").Folder, name))),
                $"samples/history/{name} differs from the output of the generator. "
                    + "Run dotnet run --project samples/Banking.SampleHistory -- samples/history");
        }
    }

    [Fact]
    public void Exactly_the_rounded_rows_are_found_with_their_differences()
    {
        var made = Bank.Value.Bookings.Where(row => row.Difference != 0).ToDictionary(row => $"{row.Id}", row => row.Difference);
        var found = Plan
            .Value.Accounts.SelectMany(account => account.Movements)
            .Where(row => row.Rounding is not null)
            .ToDictionary(
                row => row.Source.Id,
                row => row.Rounding!.Direction == Direction.Credit ? row.Rounding.Amount.Minor : -row.Rounding.Amount.Minor);

        Assert.Equal(made.OrderBy(row => row.Key), found.OrderBy(row => row.Key));
        Assert.Equal((-10, 10), (made.Values.Min(), made.Values.Max()));
    }

    [Fact]
    public void Exactly_the_omitted_rows_are_found_as_gaps_of_their_amounts()
    {
        var lost = Bank.Value.Lost.Select(row => ((long)row.Account, (row.IsCredit ? row.Amount : -row.Amount) + row.Difference)).Order();

        Assert.Equal(lost, Plan.Value.Summary.Discrepancies.Select(gap => (gap.AccountId, gap.Missing.Minor)).Order());
        Assert.Equal(12, Bank.Value.Lost.Count);
    }

    [Fact]
    public void Every_kind_of_row_that_the_importer_knows_occurs()
    {
        var rows = Plan.Value.Accounts.SelectMany(account => account.Movements).ToList();

        Assert.Equal(
            ["", "card", "cash-in", "cash-out", "transfer-in", "transfer-out"],
            rows.Select(row => row.Details.Operation ?? "").Distinct().Order());
        Assert.Equal(
            ["", "household", "insurance", "interest", "loan", "penalty-interest", "pension", "statement-fee"],
            rows.Select(row => row.Details.Purpose?.Text ?? "").Distinct().Order());
        Assert.Equal(
            [BankSide.Cash, BankSide.Settlement, BankSide.Interest, BankSide.Fees, BankSide.Suspense],
            rows.Select(row => row.BankSide).Distinct().Order());
        Assert.Contains(rows, row => row.Amount.Minor == 0);
        Assert.Contains(rows, row => row.Details.Counterparty?.Bank == "Národní");
        Assert.Contains(rows, row => row.Details.Counterparty?.Bank == "Y;\"Z\"");
        Assert.Contains(Plan.Value.Accounts, account => account.Movements.Count == 0);
        Assert.Contains(Plan.Value.Accounts, account => account.Delegates.Count == 2);
        var types = Bank.Value.Bookings.Select(row => row.Words.Type).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(["PRIJEM", "VYBER", "VYDAJ"], types);
        Assert.Equal(
            ["", " ", "LEASING", "POJISTNE", "SIPO", "UVER"],
            Bank.Value.Orders.Select(order => order.Purpose).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void It_spans_three_years_and_no_row_precedes_the_opening_of_its_account()
    {
        var rows = Bank.Value.Bookings;

        Assert.Equal((1995, 1997), (rows.Min(row => row.Date.Year), rows.Max(row => row.Date.Year)));
        Assert.All(Plan.Value.Accounts, account => Assert.All(account.Movements, row => Assert.True(row.EffectiveAt >= account.OpenedAt)));
    }
}
