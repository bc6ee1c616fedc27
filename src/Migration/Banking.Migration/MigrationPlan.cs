using Banking.Accounts.Contracts;
using Banking.Customers.Contracts;

namespace Banking.Migration;

/// <summary>A complete bank, read and checked: the histories to import and the result of the reconciliation.</summary>
public sealed record MigrationPlan(
    IReadOnlyList<CustomerHistory> Customers,
    IReadOnlyList<AccountHistory> Accounts,
    ReconciliationSummary Summary)
{
    /// <summary>
    /// The number of events: one for each customer, account (with its owner), schedule of statements, delegate, booked row and correction.
    /// </summary>
    public int EventCount { get; } = Customers.Count + Accounts.Count + Summary.Transactions + Summary.Rounded
        + Accounts.Sum(account => account.Delegates.Count)
        + Accounts.Count(account => account.Statements != StatementFrequency.None);
}
