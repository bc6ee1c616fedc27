using Banking.Commands.Groups;
using Wolverine.Runtime;

namespace Banking.Incoming.Receiving;

/// <summary>
/// Stores messages that can never be decided among Wolverine's dead letters. One that an operator replays there is decided again by
/// <see cref="IncomingMessageHandler"/>.
/// </summary>
internal sealed class DeadLetters(IWolverineRuntime runtime)
{
    public async Task StoreAsync(IncomingMessage message, CommandRejectedException why)
    {
        var envelope = new MessageBus(runtime).PreviewSubscriptions(message).Single();
        envelope.SentAt = message.ReceivedAt;
        await runtime.Storage.Inbox.MoveToDeadLetterStorageAsync(envelope, why);
    }
}
