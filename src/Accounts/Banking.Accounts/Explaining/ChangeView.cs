using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.EventStore.Callers;
using Banking.SharedKernel;
using JasperFx.Events;

namespace Banking.Accounts.Explaining;

/// <summary>What one event changed.</summary>
/// <param name="Event">The event, with the command, actor and reason that the caller may see.</param>
/// <param name="Counterparty">The other side of a movement: an account of this bank, an account elsewhere, or the bank itself.</param>
/// <param name="Correction">The correction that the event is a part of.</param>
/// <param name="Before">The members that the event changed, as they were; absent if the account was not open.</param>
/// <param name="After">The same members, as they became; absent if the event changed none of them.</param>
public sealed record ChangeView(
    EventView Event, string? Counterparty, CorrectionLinkView? Correction, AccountFactsView? Before, AccountFactsView? After,
    ChangeLinks Links)
{
    internal static ChangeView Of(IEvent e, AccountFacts before, AccountFacts after, EventViews events, Caller caller)
    {
        var (was, became) = AccountFacts.Compare(before, after);
        return new(
            events.Of(e, caller),
            e.Data is IMovement movement ? Banking.Accounts.Explaining.Counterparty.Of(movement).Key : null,
            e.Data is ICorrectionEvent ? CorrectionLinkView.Of(e, caller) : null,
            was,
            became,
            ChangeLinks.Of(e, caller));
    }
}

/// <summary>Links from an event.</summary>
/// <param name="Transaction">The deposit, withdrawal, transfer or correction, with its present form and corrections.</param>
/// <param name="Deliveries">The destinations outside the bank that have the event; only for those who read the feed.</param>
public sealed record ChangeLinks(string? Transaction, string? Deliveries)
{
    internal static ChangeLinks Of(IEvent e, Caller caller) => new(
        TransactionOf(e),
        caller.Role is Roles.Operator or Roles.Auditor ? $"/v1/feed/deliveries?eventId={PublicId.Format("evt", e.Id)}" : null);

    internal static string? TransactionOf(IEvent e) => PublicIdOf(e) is { } id ? $"/v1/transactions/{id}" : null;

    private static string? PublicIdOf(IEvent e) => e.Data switch
    {
        MoneyDeposited => PublicId.Format(MovementId.Deposit, e.Id),
        MoneyWithdrawn => PublicId.Format(MovementId.Withdrawal, e.Id),
        TransferSent m => PublicId.Format(MovementId.Transfer, m.TransferId),
        TransferReceived m => PublicId.Format(MovementId.Transfer, m.TransferId),
        ICorrectionEvent { Correction: var link } => TransactionId.Format(link.Of, link.Transaction, link.Id),
        _ => null,
    };
}
