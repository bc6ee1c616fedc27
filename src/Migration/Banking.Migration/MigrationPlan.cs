using Banking.Accounts.Contracts;
using Banking.Customers.Contracts;

namespace Banking.Migration;

/// <summary>A whole bank, read and checked: all that will be written, and what the reconciliation found.</summary>
public sealed record MigrationPlan(
    IReadOnlyList<CustomerHistory> Customers,
    IReadOnlyList<AccountHistory> Accounts,
    ReconciliationSummary Summary)
{
    /// <summary>
    /// Facts in the plan: each customer, each account with its owner, each delegate, each booked row and each correction is one event.
    /// </summary>
    public int EventCount { get; } = Customers.Count + Accounts.Count + Summary.Transactions + Summary.Rounded
        + Accounts.Sum(account => account.Delegates.Count);
}
