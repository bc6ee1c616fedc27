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
/// <param name="Body">The body of the answer, JSON.</param>
/// <param name="EventId">The event whose position the answer reported; null for a refusal.</param>
public sealed record Receipt(
    Guid Id,
    string Fingerprint,
    int Status,
    string Body,
    DateTimeOffset RecordedAt,
    string? Location = null,
    long? Version = null,
    Guid? EventId = null)
{
    /// <summary>Makes the repeated answer.</summary>
    /// <param name="position">The position of its event; null for a refusal.</param>
    internal Outcome Replay(long? position) =>
        new(Status, Body, Status < 400, Replayed: true, Version, position, Location) { Recorded = true };
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

/// <summary>The answer to a caller, on every channel.</summary>
/// <param name="Applied">Whether the command changed anything, now or when it was first sent.</param>
/// <param name="Replayed">Whether this is the stored answer to an earlier command with this key.</param>
/// <param name="Position">A global position of the log that includes everything in this answer; null for a refusal.</param>
public sealed record Outcome(
    int Status, string Body, bool Applied, bool Replayed, long? Version = null, long? Position = null, string? Location = null)
{
    public bool IsProblem => Status >= 400;

    /// <summary>
    /// Whether this answer is stored: the command was accepted, or refused by a business rule. Otherwise nothing was stored.
    /// </summary>
    public bool Recorded { get; init; }

    /// <summary>
    /// Whether it is unknown if the command was applied. <see cref="Applied"/> then means nothing; repeating the key finds out.
    /// </summary>
    public bool InDoubt { get; init; }
}
