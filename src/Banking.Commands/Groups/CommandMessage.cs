using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.EventStore.Callers;
using Banking.SharedKernel;
using Wolverine;

namespace Banking.Commands.Groups;

/// <summary>Reads commands from bus messages.</summary>
internal static class CommandMessage
{
    /// <summary>
    /// Returns what is wrong with the sender's name, or null. The name is stored with every event. A sender outside the bank could set any
    /// name in its message, so only messages that this bank sent to itself are read.
    /// </summary>
    internal static Refusal? ActorProblem(Envelope envelope)
    {
        return ServiceMessage.IsOwn(envelope)
            ? TextProblem("malformed_actor", "The name of the sender", ActorOf(envelope))
            : Refusal.Of(
                RefusalKind.Unauthenticated, "unauthenticated",
                $"A command that arrives at {envelope.Destination} has no sender that this bank knows.");
    }

    private static string? ActorOf(Envelope envelope) =>
        ServiceMessage.ActorOf(envelope) ?? (envelope.UserName is { Length: > 0 } user ? user : envelope.Source);

    /// <summary>
    /// Returns what is wrong with the correlation id, or null. The id is stored with every event, but does not identify a repeat.
    /// </summary>
    internal static Refusal? CorrelationProblem(Envelope envelope)
    {
        return TextProblem("malformed_correlation_id", "The correlation id", envelope.CorrelationId);
    }

    private static Refusal? TextProblem(string code, string what, string? text) =>
        PlainText.Problem(text, CommandContext.MaxKeyLength) is { } why ? Refusal.Malformed(code, $"{what}: {why}") : null;

    /// <summary>
    /// Makes the context of a command from the bus. The caller is the service outside that sent it, the user on whose behalf the bank sent
    /// it, or the bank itself.
    /// </summary>
    /// <param name="sent">The command as it was sent: earlier versions recognised a repeat by it.</param>
    /// <param name="normalized">The command as the bank stores it.</param>
    internal static CommandContext Read(
        Envelope envelope, string operation, string commandId, object sent, object normalized, string? reasonCode, string? reasonText)
    {
        var content = new CommandContent(normalized, normalized.GetType()) { IsMessage = true };
        var service = ServiceMessage.ActorOf(envelope);
        var user = service is null && envelope.UserName is { Length: > 0 } name ? name : null;
        return new(
            new Caller(service ?? user ?? $"service:{envelope.Source ?? "local"}", Roles.Service, null, Channels.Bus)
            {
                IsOnBehalfOfUser = user is not null,
            },
            operation,
            commandId,
            content.Fingerprint(),
            envelope.CorrelationId ?? envelope.Id.ToString(),
            ServiceMessage.CausationOf(envelope)
                ?? (envelope.ConversationId == Guid.Empty ? envelope.Id.ToString() : envelope.ConversationId.ToString()),
            reasonCode,
            reasonText)
        {
            Content = content,
            FormerFingerprint = sent.Equals(normalized) ? null : (content with { Value = sent }).Fingerprint(),
        };
    }

    /// <summary>Returns the reply if the outcome is stored. Otherwise throws, so that the message is kept.</summary>
    internal static CommandReply Reply(Outcome outcome) => outcome switch
    {
        Outcome.NotRecorded { Refusal: { IsFailure: true } failed } => throw new CommandPostponedException(failed.Code, failed.Detail)
        {
            NeedsOperator = failed.Kind is RefusalKind.Failed or RefusalKind.Unreadable,
        },
        Outcome.NotRecorded { Refusal: var rejected } => throw new CommandRejectedException(rejected.Code, rejected.Detail),
        _ => CommandReply.Of(outcome),
    };
}

/// <summary>The command can never be decided: the message becomes a dead letter.</summary>
public sealed class CommandRejectedException(string code, string detail) : Exception($"{code}: {detail}")
{
    public string Code { get; } = code;

    public string Detail { get; } = detail;
}

/// <summary>The command could not be decided for now: the message is retried. Its key makes that safe.</summary>
public sealed class CommandPostponedException(string code, string detail) : Exception($"{code}: {detail}")
{
    public string Code { get; } = code;

    public string Detail { get; } = detail;

    /// <summary>Whether a retry fails until an operator or a new version of the bank has mended something.</summary>
    public bool NeedsOperator { get; init; }
}
