using Banking.Accounts.Domain;
using Banking.SharedKernel;
using JasperFx.Events;

namespace Banking.Accounts.Simulations.Replay;

/// <summary>How an event of the history is treated in a changed past.</summary>
internal enum EventRole
{
    /// <summary>It happened whatever the past was: the bank itself did not decide it.</summary>
    Fact,

    /// <summary>It came from a command, which is decided again.</summary>
    Command,

    /// <summary>It is a booking of a correction, which is decided again with all its bookings.</summary>
    Correction,
}

internal static class EventRoles
{
    public static EventRole Of(object data) => data switch
    {
        IStoredMovement { Source: not null } => EventRole.Fact,
        AccountOpened or DelegateAuthorized or DifferenceBooked or AccountCarriedForward => EventRole.Fact,
        ICorrectionEvent => EventRole.Correction,
        MoneyDeposited or MoneyWithdrawn or TransferSent or TransferReceived => EventRole.Command,
        AccountFrozen or AccountUnfrozen or OverdraftLimitSet or AccountClosed => EventRole.Command,
        _ => throw new InvalidOperationException($"{data.GetType().Name} has no role in a simulation: is it a fact, or from a command?"),
    };

    /// <summary>The id of the command that an event came from, which all its events share.</summary>
    public static Guid CommandId(Guid eventId, object data) => data switch
    {
        TransferSent sent => sent.TransferId,
        TransferReceived received => received.TransferId,
        ICorrectionEvent booking => booking.Correction.Id,
        _ => eventId,
    };

    public static Guid CommandId(this IEvent e) => CommandId(e.Id, e.Data);

    /// <summary>The public id of the transaction of an event; of an event that moves no money, its own.</summary>
    public static string PublicIdOf(IEvent e) => e.Data switch
    {
        MoneyDeposited => PublicId.Format(MovementId.Deposit, e.Id),
        MoneyWithdrawn => PublicId.Format(MovementId.Withdrawal, e.Id),
        TransferSent or TransferReceived => PublicId.Format(MovementId.Transfer, e.CommandId()),
        DifferenceBooked => PublicId.Format(TransactionId.Correction, e.Id),
        ICorrectionEvent booking => PublicId.Format(TransactionId.Correction, booking.Correction.Id),
        _ => PublicId.Format("evt", e.Id),
    };

    /// <summary>The account on the other side of a transfer.</summary>
    public static Guid? OtherAccount(object data) => data switch
    {
        TransferSent sent => sent.To,
        TransferReceived received => received.From,
        _ => null,
    };
}
