using Banking.Accounts.Contracts;
using Banking.Notifications.Features;
using Wolverine;

namespace Banking.Notifications.Reactions;

public static class AccountWasClosedHandler
{
    /// <summary>
    /// Cancels the subscriptions to a closed account, each by a command of its own. The message may be delivered twice: only active
    /// subscriptions are selected, and the key of each command is derived from the message.
    /// </summary>
    public static Task Handle(AccountWasClosed message, Envelope envelope, SubscriptionCommands commands, CancellationToken ct) =>
        commands.CancelAllAsync(message, envelope, ct);
}
