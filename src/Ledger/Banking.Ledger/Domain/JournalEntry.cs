using Banking.Accounts.Contracts;
using Banking.SharedKernel;
using JasperFx.Events;

namespace Banking.Ledger.Domain;

/// <summary>
/// A journal entry: one movement on a customer's account and its other leg. It balances by construction, because both sides have the same
/// amount.
/// </summary>
/// <param name="Counter">The GL account of the other leg.</param>
/// <param name="Credit">The credit to the customer's account, and to customer deposits; negative for a debit.</param>
public readonly record struct JournalEntry(
    long Position, Guid Account, GlAccount Counter, Money Credit, DateOnly EffectiveOn, DateTimeOffset RecordedAt)
{
    /// <summary>The entry of an event; null if the event moves no money.</summary>
    /// <exception cref="OverflowException">The amount cannot be negated in 64 bits.</exception>
    public static JournalEntry? Of(IEvent e)
    {
        return e.Data is not IMovement movement ? null : new JournalEntry(
            e.Sequence,
            e.StreamId,
            Chart.Counter(movement.BankSide),
            movement.SignedAmount,
            DateOnly.FromDateTime(movement.EffectiveAt.UtcDateTime),
            e.Timestamp);
    }

    /// <summary>The two lines of the entry: debits are positive, credits negative.</summary>
    public (GlAccount Account, long Amount)[] Lines() => [(Chart.CustomerDeposits, checked(-Credit.Minor)), (Counter, Credit.Minor)];
}
