using Banking.Accounts.Contracts;
using Banking.Ledger.Domain;

namespace Banking.Ledger.Tests;

/// <summary>Every movement has a GL account.</summary>
public sealed class ChartTests
{
    public static TheoryData<BankSide> Sides => [.. Enum.GetValues<BankSide>()];

    [Theory]
    [MemberData(nameof(Sides))]
    public void Each_bank_side_has_a_GL_account_of_its_name(BankSide side) =>
        Assert.Equal(side.ToString(), Chart.Counter(side).Name, ignoreCase: true);

    [Fact]
    public void A_movement_without_a_bank_side_is_in_transit() => Assert.Equal(Chart.TransfersInTransit, Chart.Counter(null));

    [Fact]
    public void No_two_bank_sides_share_a_GL_account_and_none_is_customer_deposits() =>
        Assert.Equal(
            Chart.All.Count - 1,
            Enum.GetValues<BankSide>()
                .Select(s => Chart.Counter(s))
                .Append(Chart.Counter(null))
                .Except([Chart.CustomerDeposits])
                .Distinct()
                .Count());

    [Fact]
    public void A_GL_account_is_found_only_by_its_own_name_and_number()
    {
        Assert.All(Chart.All, a => Assert.Equal((a, a), (Chart.Find(a.Name), Chart.Of(a.Code))));
        Assert.Equal(Chart.All.Count, Chart.All.DistinctBy(a => a.Code).Count());
        Assert.Equal(Chart.All.Count, Chart.All.DistinctBy(a => a.Name).Count());
        Assert.All(["", "Cash", "cash ", "1000"], name => Assert.Null(Chart.Find(name)));
        Assert.Throws<InvalidOperationException>(() => Chart.Of(1));
        Assert.Throws<InvalidOperationException>(() => Chart.Counter((BankSide)99));
    }

    /// <summary>Every row of the journal stores a number, so a change would give stored rows another meaning.</summary>
    [Fact]
    public void The_chart_is_unchanged() =>
        Assert.Equal(
            "1000 cash asset, 1100 settlement asset, 2000 customer-deposits liability, 2800 transfers-in-transit liability, "
                + "2900 suspense liability, 4000 fees income, 5000 interest expense",
            string.Join(", ", Chart.All.Select(a => $"{a.Code} {a.Name} {a.Kind}")),
            ignoreCase: true);
}
