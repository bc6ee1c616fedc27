using Banking.Commands.Decisions;

namespace Banking.Commands.Messages;

/// <summary>A message of a decision that was accepted.</summary>
/// <param name="Context">The command that was decided: its correlation and its actor travel with the message.</param>
/// <param name="Cause">The event that the message follows from; null where the decision recorded none.</param>
internal sealed record DecidedMessage(object Message, CommandContext Context, Guid? Cause);
