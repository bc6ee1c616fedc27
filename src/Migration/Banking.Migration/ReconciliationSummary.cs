using Banking.SharedKernel;

namespace Banking.Migration;

/// <summary>What the reconciliation of a bank's history found; no part of it depends on the order of rows in the files.</summary>
/// <param name="Transactions">Booked rows: exact, rounded and those with a discrepancy together.</param>
/// <param name="Exact">Rows whose amount is the change of the recorded balance.</param>
/// <param name="Rounded">Rows that miss it by little enough to be corrected.</param>
/// <param name="Discrepancies">Rows that miss it by more, by date and account.</param>
/// <param name="Credits">Sum of the amounts as the rows state them, without corrections; so too the debits.</param>
/// <param name="ClosingBalance">
/// Sum of the replayed balances. It and all that the discrepancies miss make the sum of the balances that the bank recorded last.
/// </param>
/// <param name="OrdersRead">Standing orders that were read; nothing is made of them.</param>
/// <param name="Copies">How many banks of this history the figures are of. Each has the same discrepancies, which are told once.</param>
public sealed record ReconciliationSummary(
    int Customers,
    int Accounts,
    int Transactions,
    int Exact,
    int Rounded,
    IReadOnlyList<Discrepancy> Discrepancies,
    MoneySum Credits,
    MoneySum Debits,
    MoneySum ClosingBalance,
    int OrdersRead,
    int Copies = 1)
{
    /// <summary>The figures of so many copies together.</summary>
    /// <exception cref="OverflowException">There are more rows than can be counted.</exception>
    public ReconciliationSummary Times(int copies) => checked(this with
    {
        Customers = Customers * copies,
        Accounts = Accounts * copies,
        Transactions = Transactions * copies,
        Exact = Exact * copies,
        Rounded = Rounded * copies,
        Credits = Credits * copies,
        Debits = Debits * copies,
        ClosingBalance = ClosingBalance * copies,
        OrdersRead = OrdersRead * copies,
        Copies = Copies * copies,
    });
}

/// <summary>A gap in an account's history, told once, at the row where it opens. The row is booked; the difference is not.</summary>
/// <param name="Recorded">Balance after the row as the bank recorded it.</param>
/// <param name="Replayed">Balance after the row as it comes out of what the files hold.</param>
/// <param name="Missing">
/// Signed: what would have to be booked before or with this row. It is the recorded balance less the replayed one, unless an earlier gap on
/// the same account is in the replayed balance too: then it is the new gap alone, so that gaps can be added up.
/// </param>
public sealed record Discrepancy(long TransactionId, long AccountId, DateOnly Date, Money Recorded, Money Replayed, Money Missing);
