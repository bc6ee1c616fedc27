namespace Banking.Commands.Decisions;

/// <summary>What can be said of a kind of command without any state.</summary>
/// <param name="Name">Its name on the bus; part of the scope of its keys there.</param>
/// <param name="CommandId">The key that it carries.</param>
/// <param name="Reason">Why, as it says.</param>
/// <param name="Check">What is wrong with its shape, whoever sent it.</param>
public sealed record CommandShape<TCommand>(
    string Name,
    Func<TCommand, string> CommandId,
    Func<TCommand, (string? Code, string? Text)> Reason,
    Func<TCommand, Refusal?> Check)
{
    /// <summary>The command without what the bank cannot keep of it, such as parts of a microsecond. It is the same command.</summary>
    public Func<TCommand, TCommand> Kept { get; init; } = command => command;
}
