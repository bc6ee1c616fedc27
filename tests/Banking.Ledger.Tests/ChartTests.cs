using Banking.Accounts.Contracts;
using Banking.Ledger.Domain;

namespace Banking.Ledger.Tests;

/// <summary>Every movement has a place in the books.</summary>
public sealed class ChartTests
{
    public static TheoryData<BankSide> Sides => [.. Enum.GetValues<BankSide>()];

    [Theory]
    [MemberData(nameof(Sides))]
    public void Each_side_of_the_bank_has_an_account_of_its_name(BankSide side) =>
        Assert.Equal(side.ToString(), Chart.Counter(side).Name, ignoreCase: true);

    [Fact]
    public void What_has_no_side_of_the_bank_is_in_transit() => Assert.Equal(Chart.TransfersInTransit, Chart.Counter(null));

    [Fact]
    public void No_two_sides_share_an_account_and_none_is_the_customers() =>
        Assert.Equal(
            Chart.All.Count - 1,
            Enum.GetValues<BankSide>()
                .Select(s => Chart.Counter(s))
                .Append(Chart.Counter(null))
                .Except([Chart.CustomerDeposits])
                .Distinct()
                .Count());

    [Fact]
    public void An_account_is_found_by_its_name_and_its_number_and_by_no_other()
    {
        Assert.All(Chart.All, a => Assert.Equal((a, a), (Chart.Find(a.Name), Chart.Of(a.Code))));
        Assert.Equal(Chart.All.Count, Chart.All.DistinctBy(a => a.Code).Count());
        Assert.Equal(Chart.All.Count, Chart.All.DistinctBy(a => a.Name).Count());
        Assert.All(["", "Cash", "cash ", "1000"], name => Assert.Null(Chart.Find(name)));
        Assert.Throws<InvalidOperationException>(() => Chart.Of(1));
        Assert.Throws<InvalidOperationException>(() => Chart.Counter((BankSide)99));
    }

    /// <summary>The numbers stand with every row of the journal: a change gives stored rows another meaning.</summary>
    [Fact]
    public void The_chart_is_what_it_was() =>
        Assert.Equal(
            "1000 cash asset, 1100 settlement asset, 2000 customer-deposits liability, 2800 transfers-in-transit liability, 2900 suspense liability, "
                + "4000 fees income, 5000 interest expense",
            string.Join(", ", Chart.All.Select(a => $"{a.Code} {a.Name} {a.Kind}")),
            ignoreCase: true);
}
