using System.Security.Cryptography;
using System.Text.Json;
using Banking.Platform.Security;
using Banking.SharedKernel;
using Wolverine;

namespace Banking.Platform.Commands;

/// <summary>Commands that come as messages.</summary>
internal static class CommandMessage
{
    /// <summary>What is wrong with what a message says of itself and what is kept with every event, or null.</summary>
    internal static Refusal? Problem(Envelope envelope)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        return Kept("malformed_actor", "The name of the sender", envelope.UserName is { Length: > 0 } user ? user : envelope.Source)
            ?? Kept("malformed_correlation_id", "The correlation id", envelope.CorrelationId);
    }

    private static Refusal? Kept(string code, string what, string? text) =>
        PlainText.Problem(text, CommandContext.LongestKey) is { } why ? Problems.Malformed(code, $"{what}: {why}") : null;

    /// <summary>The context of a command from the bus: the sender is a service of the bank, or the user on whose behalf it was sent.</summary>
    internal static CommandContext Read(Envelope envelope, string operation, string commandId, object command, string? reasonCode, string? reasonText)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        ArgumentNullException.ThrowIfNull(command);
        var user = envelope.UserName is { Length: > 0 } name ? name : null;
        return new(
            new Caller(user ?? $"service:{envelope.Source ?? "local"}", Roles.Service, null, Channels.Bus) { IsOnBehalfOfUser = user is not null },
            operation,
            commandId,
            Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(command, command.GetType()))),
            envelope.CorrelationId ?? envelope.Id.ToString(),
            envelope.ConversationId == Guid.Empty ? envelope.Id.ToString() : envelope.ConversationId.ToString(),
            reasonCode,
            reasonText);
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
