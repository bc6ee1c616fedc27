using System.Text.Json;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.EventStore.Callers;
using Banking.SharedKernel;
using Wolverine;

namespace Banking.Commands.Groups;

/// <summary>Commands that come as messages.</summary>
internal static class CommandMessage
{
    /// <summary>What is wrong with the sender's name, which is kept with every event, or null.</summary>
    internal static Refusal? ActorProblem(Envelope envelope)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        return Kept("malformed_actor", "The name of the sender", envelope.UserName is { Length: > 0 } user ? user : envelope.Source);
    }

    /// <summary>What is wrong with the correlation id, which is kept too, or null. It has no part in recognising a repeat.</summary>
    internal static Refusal? CorrelationProblem(Envelope envelope)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        return Kept("malformed_correlation_id", "The correlation id", envelope.CorrelationId);
    }

    private static Refusal? Kept(string code, string what, string? text) =>
        PlainText.Problem(text, CommandContext.LongestKey) is { } why ? Problems.Malformed(code, $"{what}: {why}") : null;

    /// <summary>
    /// The context of a command from the bus: the sender is a service of the bank, or the user on whose behalf it was sent.
    /// </summary>
    /// <param name="sent">The command as it came: what earlier versions recognised a repeat by.</param>
    /// <param name="kept">The command as the bank keeps it.</param>
    internal static CommandContext Read(
        Envelope envelope, string operation, string commandId, object sent, object kept, string? reasonCode, string? reasonText)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        ArgumentNullException.ThrowIfNull(kept);
        var content = new CommandContent(kept, kept.GetType()) { IsMessage = true };
        var user = envelope.UserName is { Length: > 0 } name ? name : null;
        return new(
            new Caller(user ?? $"service:{envelope.Source ?? "local"}", Roles.Service, null, Channels.Bus)
            {
                IsOnBehalfOfUser = user is not null,
            },
            operation,
            commandId,
            content.Fingerprint(),
            envelope.CorrelationId ?? envelope.Id.ToString(),
            envelope.ConversationId == Guid.Empty ? envelope.Id.ToString() : envelope.ConversationId.ToString(),
            reasonCode,
            reasonText)
        {
            Content = content,
            FormerFingerprint = sent.Equals(kept) ? null : (content with { Value = sent }).Fingerprint(),
        };
    }

    /// <summary>The outcome where it is kept; an exception where it is not, so that the message itself is.</summary>
    internal static Outcome Answer(Outcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        if (outcome.Recorded)
        {
            return outcome;
        }

        using var problem = JsonDocument.Parse(outcome.Body);
        var code = problem.RootElement.GetProperty("code").GetString()!;
        var detail = problem.RootElement.GetProperty("detail").GetString()!;
        throw outcome.Status >= 500 ? new CommandPostponedException(code, detail) : new CommandRejectedException(code, detail);
    }
}

/// <summary>The command cannot be decided, now or later: it becomes a dead letter.</summary>
public sealed class CommandRejectedException(string code, string detail) : Exception($"{code}: {detail}")
{
    public string Code { get; } = code;
}

/// <summary>The command could not be decided just now: it is tried again. Its key makes that safe.</summary>
public sealed class CommandPostponedException(string code, string detail) : Exception($"{code}: {detail}")
{
    public string Code { get; } = code;
}
