using Banking.Accounts.Contracts;
using Banking.SharedKernel;

namespace Banking.Migration.Tests;

/// <summary>The numbers that the README of the data promises.</summary>
public sealed class SharedBankTests
{
    private static readonly DateOnly LastDay = new(1994, 3, 31);

    [Fact]
    public void Every_row_of_the_bank_becomes_something()
    {
        var summary = SharedBank.Plan().Summary;
        Assert.Equal((715, 591, 23_932, 835), (summary.Customers, summary.Accounts, summary.Transactions, summary.OrdersRead));
        Assert.Equal(124, SharedBank.Plan().Accounts.Sum(account => account.Delegates.Count));
        Assert.Equal(23_932, SharedBank.Plan().Accounts.Sum(account => account.Movements.Count));
        Assert.Equal(715 + 591 + 124 + 23_932 + 1_115, SharedBank.Plan().EventCount);
    }

    [Fact]
    public void All_rows_but_sixteen_meet_the_recorded_balances()
    {
        var summary = SharedBank.Plan().Summary;
        Assert.Equal((22_801, 1_115, 16), (summary.Exact, summary.Rounded, summary.Discrepancies.Count));
        Assert.Equal(1_115, SharedBank.Plan().Accounts.Sum(account => account.Movements.Count(row => row.Rounding is not null)));
        Assert.All(summary.Discrepancies, found => Assert.Equal(LastDay, found.Date));
        Assert.Equal(16, summary.Discrepancies.Select(found => found.AccountId).Distinct().Count());
    }

    [Fact]
    public void The_sums_are_those_of_the_bank()
    {
        var summary = SharedBank.Plan().Summary;
        Assert.Equal("87119745.30", summary.Credits.ToDecimalString());
        Assert.Equal("68062431.60", summary.Debits.ToDecimalString());
        Assert.Equal("19057286.00", summary.ClosingBalance.ToDecimalString());
    }

    [Fact]
    public void What_is_missing_closes_the_books()
    {
        var summary = SharedBank.Plan().Summary;
        var missing = summary.Discrepancies.Aggregate(Money.Zero(summary.Credits.Currency), (sum, found) => sum + found.Missing);
        Assert.Equal("2492.60", missing.ToDecimalString());
        Assert.Equal("19059778.60", (summary.ClosingBalance + missing).ToDecimalString());
        Assert.All(summary.Discrepancies, found => Assert.Equal(found.Recorded, found.Replayed + found.Missing));
    }

    [Fact]
    public void Booking_the_plan_gives_the_closing_balance_and_one_account_below_zero()
    {
        var balances = SharedBank.Plan().Accounts.Select(BookedBalance).ToList();
        Assert.Equal(SharedBank.Plan().Summary.ClosingBalance.Minor, balances.Sum());
        Assert.Single(balances, balance => balance < 0);
    }

    [Fact]
    public void Ids_and_numbers_are_unique()
    {
        var accounts = SharedBank.Plan().Accounts;
        Assert.Equal(591, accounts.Select(account => account.AccountId).Distinct().Count());
        Assert.Equal(591, accounts.Select(account => account.Number).Distinct().Count());
        var booked = accounts.SelectMany(account => account.Movements).ToList();
        var ids = booked.Select(row => row.Id).Concat(booked.Select(row => row.Rounding?.Id).OfType<Guid>());
        Assert.Equal(23_932 + 1_115, ids.Distinct().Count());
    }

    // As the Accounts module will add it up: rows and corrections, nothing else.
    private static long BookedBalance(AccountHistory account) => account.Movements.Sum(row =>
        Signed(row.Direction, row.Amount) + (row.Rounding is { } rounding ? Signed(rounding.Direction, rounding.Amount) : 0));

    private static long Signed(Direction direction, Money amount) => direction == Direction.Credit ? amount.Minor : -amount.Minor;
}
