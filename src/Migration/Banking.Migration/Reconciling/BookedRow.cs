using Banking.Accounts.Contracts;

namespace Banking.Migration.Reconciling;

/// <summary>One row as a bank booked it, amounts in minor units, with the balance that the bank recorded after it.</summary>
/// <param name="Id">The row's own id; breaks ties.</param>
/// <param name="Amount">Never negative: the direction tells the sign.</param>
/// <param name="Recorded">Balance after the row.</param>
/// <param name="Line">Line in the file.</param>
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
    /// <summary>What the row does to the balance.</summary>
    public long Change => Direction.Signed(Amount);
}
