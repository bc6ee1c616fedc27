using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;

namespace Banking.Accounts.ReadModels;

/// <summary>What the figures of a day count an event as. Stored in each row: a number never changes its meaning.</summary>
internal enum EntryKind : short
{
    /// <summary>Not counted. The receiving half of a transfer is none, because its sending half is counted.</summary>
    None = 0,
    Opened = 1,
    Closed = 2,
    Frozen = 3,
    Unfrozen = 4,
    Deposit = 10,
    Withdrawal = 11,
    Transfer = 12,
    CreditCorrection = 13,
    DebitCorrection = 14,
}

internal static class EntryKinds
{
    public static EntryKind Of(object @event) => @event switch
    {
        AccountOpened => EntryKind.Opened,
        AccountClosed => EntryKind.Closed,
        AccountFrozen => EntryKind.Frozen,
        AccountUnfrozen => EntryKind.Unfrozen,
        MoneyDeposited => EntryKind.Deposit,
        MoneyWithdrawn => EntryKind.Withdrawal,
        TransferSent => EntryKind.Transfer,
        DifferenceBooked or ICorrectionEvent => ((IMovement)@event).Direction == Direction.Credit
            ? EntryKind.CreditCorrection
            : EntryKind.DebitCorrection,
        _ => EntryKind.None,
    };
}
