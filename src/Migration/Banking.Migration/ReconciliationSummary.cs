using Banking.SharedKernel;

namespace Banking.Migration;

/// <summary>The result of reconciling a bank's history. It does not depend on the order of rows in the files.</summary>
/// <param name="Transactions">The number of booked rows: exact, rounded and with a discrepancy.</param>
/// <param name="Exact">Rows whose amount equals the change of the recorded balance.</param>
/// <param name="Rounded">Rows whose amount differs by a rounding error, which a correction books.</param>
/// <param name="Discrepancies">Rows with a larger difference, by date and account.</param>
/// <param name="Credits">The sum of the credits without corrections.</param>
/// <param name="Debits">The sum of the debits without corrections.</param>
/// <param name="ClosingBalance">
/// The sum of the replayed balances. Together with the missing amounts of all discrepancies it equals the sum of the last recorded
/// balances.
/// </param>
/// <param name="OrdersRead">The number of standing orders. They are not imported.</param>
/// <param name="Copies">The number of copies in the figures. Each copy has the same discrepancies, which are listed once.</param>
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
    /// <summary>Multiplies the figures by the number of copies.</summary>
    /// <exception cref="OverflowException">A figure overflows.</exception>
    public ReconciliationSummary Multiply(int copies) => checked(this with
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

/// <summary>A gap in an account's history, reported once, at its first row. The row is booked; the difference is not.</summary>
/// <param name="Recorded">The recorded balance after the row.</param>
/// <param name="Replayed">The balance after the row, computed from the files.</param>
/// <param name="Missing">
/// The missing amount, signed. It is the recorded balance minus the replayed balance, minus earlier gaps on the same account, so that gaps
/// can be added.
/// </param>
public sealed record Discrepancy(long TransactionId, long AccountId, DateOnly Date, Money Recorded, Money Replayed, Money Missing);
