using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;
using JasperFx.Events;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// The actor and the reason of an event or a refusal are shown only to that actor and to staff. A user of an account must not learn a
/// payer's session, or the suspicion that a freeze was based on.
/// </summary>
internal static class EventPrivacy
{
    public static bool CanSeeOrigin(this Caller caller, IEvent e) => caller.IsStaff || e.UserName == caller.Actor;

    public static bool CanSeeOrigin(this Caller caller, RecordedRefusal refusal) => caller.IsStaff || refusal.Actor == caller.Actor;

    public static string? ReasonFor(this IEvent e, Caller caller) => caller.CanSeeOrigin(e) ? e.Header(HeaderNames.ReasonText) : null;
}
