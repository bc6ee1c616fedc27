namespace Banking.Incoming.Receiving;

/// <summary>Decides a message again that was a dead letter and that an operator replays.</summary>
public static class IncomingMessageHandler
{
    public static Task Handle(IncomingMessage message, IncomingCommands commands, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(commands);
        return commands.DecideAsync(message, ct);
    }
}
