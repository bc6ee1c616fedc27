using System.Text.Json;
using System.Text.Json.Serialization;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;

namespace Banking.Commands.Receipts;

/// <summary>
/// The stored answer to an idempotency key, written in the transaction of its events. Each repeat of the command gets it again.
/// </summary>
/// <param name="Id"><see cref="CommandContext.ReceiptId"/>.</param>
/// <param name="Fingerprint">Hash of the content of the command.</param>
/// <param name="Body">The body of the answer, JSON. Null in a receipt that was read, until <see cref="ReplayedAnswers"/> completes it.
/// </param>
/// <param name="EventId">The last event of the command, or the event of its refusal. Earlier versions named no event for a refusal.</param>
public sealed record Receipt(
    Guid Id,
    string Fingerprint,
    int Status,
    string? Body,
    DateTimeOffset RecordedAt,
    string? Location = null,
    long? Version = null,
    Guid? EventId = null)
{
    /// <summary>The refusal of a known key with other content: a key stands for one command only.</summary>
    public static Refusal KeyReused => Refusal.RuleBroken(
        "idempotency_key_reused", "This idempotency key was used before with different content. Use a new key for each command.");

    /// <summary>Whether the command was accepted; otherwise a business rule refused it.</summary>
    public bool IsAccepted => !HttpStatus.IsProblem(Status);

    internal static Receipt Of(
        CommandContext context, Guid id, CommandAnswer answer, long version, Guid? lastEvent, DateTimeOffset at) => new(
        id,
        context.Fingerprint,
        HttpStatus.Of(answer),
        JsonSerializer.Serialize(answer.View, answer.View.GetType(), ApiJson.Options),
        at,
        answer.Location,
        version,
        lastEvent);

    internal static Receipt Of(CommandContext context, Guid id, Refusal refusal, Guid refusalId, DateTimeOffset at) => new(
        id,
        context.Fingerprint,
        HttpStatus.Of(refusal.Kind),
        ProblemDocument.Of(refusal, context.CorrelationId),
        at,
        EventId: refusalId);
}

/// <summary>
/// A stored refusal, never changed and never removed: the command, its caller, and the facts that the decision saw. The log has an event
/// for it too (<see cref="CommandRefused"/>).
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed class RecordedRefusal
{
    public required Guid Id { get; init; }

    /// <summary>The stream under which it is listed.</summary>
    public required Guid StreamId { get; init; }

    /// <summary>The version that the decision saw; a refusal does not change it.</summary>
    public required long StreamVersion { get; init; }

    public required string Operation { get; init; }

    public required string Code { get; init; }

    public required string Detail { get; init; }

    /// <summary>The facts as they were answered, JSON.</summary>
    public required string Facts { get; init; }

    public required string Actor { get; init; }

    public required string Role { get; init; }

    public required string Channel { get; init; }

    public string? ReasonCode { get; init; }

    public string? ReasonText { get; init; }

    public required string CorrelationId { get; init; }

    public required string IdempotencyKey { get; init; }

    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>The command, so that it can be decided again; null for refusals recorded before commands were stored.</summary>
    public CommandData? Command { get; init; }

    internal static RecordedRefusal Of(
        Guid id, Guid stream, long version, Refusal refusal, CommandContext context, CommandData? command, DateTimeOffset at) => new()
        {
            Id = id,
            StreamId = stream,
            StreamVersion = version,
            Operation = context.Operation,
            Code = refusal.Code,
            Detail = refusal.Detail,
            Facts = JsonSerializer.Serialize(refusal.Facts, ApiJson.Options),
            Actor = context.Caller.Actor,
            Role = context.Caller.Role,
            Channel = context.Caller.Channel,
            ReasonCode = context.ReasonCode,
            ReasonText = context.ReasonText,
            CorrelationId = context.CorrelationId,
            IdempotencyKey = context.IdempotencyKey,
            RecordedAt = at,
            Command = command,
        };
}
