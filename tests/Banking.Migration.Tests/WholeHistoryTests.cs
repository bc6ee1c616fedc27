using System.Collections.Concurrent;
using Banking.Accounts.Contracts;
using Banking.SharedKernel;
using Banking.Testing.Histories;

namespace Banking.Migration.Tests;

/// <summary>Complete histories with their known figures: the sample always, the real one where it is present.</summary>
public sealed class WholeHistoryTests
{
    private static readonly ConcurrentDictionary<string, MigrationPlan> Plans = [];

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public void Every_row_of_the_bank_is_imported(string history)
    {
        var (known, plan) = Planned(history);
        var summary = plan.Summary;
        Assert.Equal(
            (known.Customers, known.Accounts, known.Rows, known.Orders),
            (summary.Customers, summary.Accounts, summary.Transactions, summary.OrdersRead));
        Assert.Equal(known.Delegates, plan.Accounts.Sum(account => account.Delegates.Count));
        Assert.Equal(known.Rows, plan.Accounts.Sum(account => account.Movements.Count));
        Assert.Equal(known.Events, plan.EventCount);
    }

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public void All_rows_except_those_after_a_gap_have_the_recorded_balances(string history)
    {
        var (known, plan) = Planned(history);
        var summary = plan.Summary;
        Assert.Equal((known.Exact, known.Rounded, known.Gaps), (summary.Exact, summary.Rounded, summary.Discrepancies.Count));
        Assert.Equal(known.Rounded, plan.Accounts.Sum(account => account.Movements.Count(row => row.Rounding is not null)));
        Assert.Equal(known.Gaps, summary.Discrepancies.Select(found => found.AccountId).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public void The_sums_are_those_of_the_bank(string history)
    {
        var (known, plan) = Planned(history);
        Assert.Equal(known.Credits, plan.Summary.Credits.ToDecimalString());
        Assert.Equal(known.Debits, plan.Summary.Debits.ToDecimalString());
        Assert.Equal(known.Replayed, plan.Summary.ClosingBalance.ToDecimalString());
    }

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public void The_missing_amounts_explain_the_recorded_balances(string history)
    {
        var (known, plan) = Planned(history);
        var summary = plan.Summary;
        var missing = summary.Discrepancies.Aggregate(Money.Zero(summary.Credits.Currency), (sum, found) => sum + found.Missing);
        Assert.Equal(known.Missing, missing.ToDecimalString());
        Assert.All(summary.Discrepancies, found => Assert.Equal(found.Recorded, found.Replayed + found.Missing));
    }

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public void Booking_the_plan_gives_the_closing_balance_and_the_overdrawn_accounts(string history)
    {
        var (known, plan) = Planned(history);
        var balances = plan.Accounts.Select(BookedBalance).ToList();
        Assert.Equal(plan.Summary.ClosingBalance.Minor, balances.Sum());
        Assert.Equal(known.BelowZero, balances.Count(balance => balance < 0));
    }

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public void Ids_and_numbers_are_unique(string history)
    {
        var (known, plan) = Planned(history);
        Assert.Equal(known.Accounts, plan.Accounts.Select(account => account.AccountId).Distinct().Count());
        Assert.Equal(known.Accounts, plan.Accounts.Select(account => account.Number).Distinct().Count());
        var booked = plan.Accounts.SelectMany(account => account.Movements).ToList();
        var ids = booked.Select(row => row.Id).Concat(booked.Select(row => row.Rounding?.Id).OfType<Guid>());
        Assert.Equal(known.Rows + known.Rounded, ids.Distinct().Count());
    }

    private static (History Known, MigrationPlan Plan) Planned(string history)
    {
        var known = History.Of(history);
        return (known, Plans.GetOrAdd(history, _ => Berka.BerkaImport.Plan(known.Folder)));
    }

    // The sum that the Accounts module computes: rows and corrections.
    private static long BookedBalance(AccountHistory account) => account.Movements.Sum(row =>
        Signed(row.Direction, row.Amount) + (row.Rounding is { } rounding ? Signed(rounding.Direction, rounding.Amount) : 0));

    private static long Signed(Direction direction, Money amount) => direction == Direction.Credit ? amount.Minor : -amount.Minor;
}
