using Banking.Accounts.Contracts;
using Banking.Notifications.Features;
using Wolverine;

namespace Banking.Notifications.Reactions;

public static class AccountWasClosedHandler
{
    /// <summary>
    /// Cancels the subscriptions to a closed account, each by a command of its own. The message may come twice: subscriptions that are
    /// cancelled are not
    /// looked for, and the key of each command follows from the message.
    /// </summary>
    public static Task Handle(AccountWasClosed message, Envelope envelope, SubscriptionDesk desk, CancellationToken ct) =>
        desk.CancelAllAsync(message, envelope, ct);
}
