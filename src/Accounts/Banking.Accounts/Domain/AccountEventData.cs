using Banking.Accounts.Contracts;
using Banking.EventStore.Log;
using JasperFx.Events;

namespace Banking.Accounts.Domain;

internal static class AccountEventData
{
    /// <exception cref="UnreadableEventException">The stream of an account has an event of another kind.</exception>
    public static IAccountEvent AccountEvent(this IEvent e) => e.Data as IAccountEvent
        ?? throw new UnreadableEventException(e, new InvalidOperationException("It is not an event of an account."));
}
