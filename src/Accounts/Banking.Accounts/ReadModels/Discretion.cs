using Banking.Platform.Commands;
using Banking.Platform.EventSourcing;
using Banking.Platform.Security;
using JasperFx.Events;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// Who did something and why is for those who did it and for staff. An account's user must not learn from it who paid them from which
/// session, nor what was suspected of them when their account was frozen.
/// </summary>
internal static class Discretion
{
    public static bool MayKnowWhy(this Caller caller, IEvent e) => caller.IsStaff || e.UserName == caller.Actor;

    public static string? ReasonFor(this IEvent e, Caller caller) => caller.MayKnowWhy(e) ? e.Header(HeaderNames.ReasonText) : null;
}
