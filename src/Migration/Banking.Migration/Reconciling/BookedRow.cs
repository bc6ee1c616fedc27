using Banking.Accounts.Contracts;

namespace Banking.Migration.Reconciling;

/// <summary>One row as the source booked it. Amounts are in minor units.</summary>
/// <param name="Id">The row's id in the source. It decides ties.</param>
/// <param name="Amount">The amount without a sign. The direction has the sign.</param>
/// <param name="Recorded">The recorded balance after the row.</param>
/// <param name="Line">The line in the file.</param>
internal sealed record BookedRow(
    long Id,
    DateOnly Date,
    Direction Direction,
    long Amount,
    long Recorded,
    BankSide BankSide,
    MovementDetails Details,
    int Line)
{
    /// <summary>The signed change of the balance.</summary>
    public long Change => Direction.Signed(Amount);
}
