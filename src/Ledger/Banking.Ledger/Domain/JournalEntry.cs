using Banking.Accounts.Contracts;
using Banking.SharedKernel;
using JasperFx.Events;

namespace Banking.Ledger.Domain;

/// <summary>
/// A journal entry: one movement on a customer's account and its other leg. Made of the fact alone, so it balances by construction: there
/// is one amount, and it stands on both sides.
/// </summary>
/// <param name="Counter">The GL account of the other leg.</param>
/// <param name="Credit">What the customer's account gains, and customer deposits with it; below zero for what it loses.</param>
public readonly record struct JournalEntry(
    long Position, Guid Account, GlAccount Counter, Money Credit, DateOnly EffectiveOn, DateTimeOffset RecordedAt)
{
    /// <summary>The entry of an event, or null where it moves no money.</summary>
    /// <exception cref="OverflowException">The amount has no opposite.</exception>
    public static JournalEntry? Of(IEvent e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return e.Data is not IMovement movement ? null : new JournalEntry(
            e.Sequence,
            e.StreamId,
            Chart.Counter(movement.BankSide),
            movement.Direction == Direction.Credit ? movement.Amount : -movement.Amount,
            DateOnly.FromDateTime(movement.EffectiveAt.UtcDateTime),
            e.Timestamp);
    }

    /// <summary>Its two lines: debit is above zero, credit below.</summary>
    public (GlAccount Account, long Amount)[] Lines() => [(Chart.CustomerDeposits, checked(-Credit.Minor)), (Counter, Credit.Minor)];
}
