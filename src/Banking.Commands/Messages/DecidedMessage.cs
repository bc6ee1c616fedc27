using Banking.Commands.Decisions;

namespace Banking.Commands.Messages;

/// <summary>A message of an accepted decision.</summary>
/// <param name="Context">The command; its correlation and actor are sent with the message.</param>
/// <param name="Cause">The event that caused the message; null if the decision recorded none.</param>
internal sealed record DecidedMessage(object Message, CommandContext Context, Guid? Cause);
