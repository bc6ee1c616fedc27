namespace Banking.Commands.Decisions;

/// <summary>What is known of a kind of command without any state.</summary>
/// <param name="Name">Name of the command on the bus; part of the scope of its keys there.</param>
/// <param name="CommandId">Reads the idempotency key of a command.</param>
/// <param name="Reason">Reads the reason of a command.</param>
/// <param name="Check">Returns what is wrong with the shape of a command, whichever channel it came by; null if nothing is.</param>
public sealed record CommandShape<TCommand>(
    string Name,
    Func<TCommand, string> CommandId,
    Func<TCommand, (string? Code, string? Text)> Reason,
    Func<TCommand, Refusal?> Check)
{
    /// <summary>
    /// Normalizes a command to what the bank stores, for instance times to microseconds. The result counts as the same command.
    /// </summary>
    public Func<TCommand, TCommand> Kept { get; init; } = command => command;
}
