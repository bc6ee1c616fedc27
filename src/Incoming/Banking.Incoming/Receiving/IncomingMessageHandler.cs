using Banking.Commands.Groups;
using Wolverine;

namespace Banking.Incoming.Receiving;

/// <summary>Decides a message again that was a dead letter and that an operator replays.</summary>
public static class IncomingMessageHandler
{
    public static Task Handle(IncomingMessage message, Envelope envelope, IncomingCommands commands, CancellationToken ct)
    {
        return ServiceMessage.IsOwn(envelope)
            ? commands.DecideAsync(message, ct)
            : throw new CommandRejectedException("unauthenticated", "Only the bank itself may say that it checked a sender.");
    }
}
