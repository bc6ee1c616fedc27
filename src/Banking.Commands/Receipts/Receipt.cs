using System.Text.Json;
using System.Text.Json.Serialization;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;

namespace Banking.Commands.Receipts;

/// <summary>
/// The answer once given to an idempotency key, stored in the transaction of its events and repeated to whoever asks again.
/// </summary>
/// <param name="Id"><see cref="CommandContext.ReceiptId"/>.</param>
/// <param name="Fingerprint">Hash of the content that was asked for under the key.</param>
/// <param name="Body">The body as it was sent, JSON.</param>
/// <param name="EventId">The event whose place in the log the answer told; null for a refusal.</param>
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
    /// <summary>The stored answer as it is repeated.</summary>
    /// <param name="position">The position of its event; null for a refusal.</param>
    internal Outcome Replay(long? position) =>
        new(Status, Body, Status < 400, Replayed: true, Version, position, Location) { Recorded = true };
}

/// <summary>
/// A refusal as it is kept, never changed and never removed: what was asked, by whom, and what the decision saw. That there was one is in
/// the log too (<see cref="CommandRefused"/>).
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed class RecordedRefusal
{
    public required Guid Id { get; init; }

    /// <summary>The stream it is listed under.</summary>
    public required Guid StreamId { get; init; }

    /// <summary>The version that the decision saw; a refusal does not move it.</summary>
    public required long StreamVersion { get; init; }

    public required string Operation { get; init; }

    public required string Code { get; init; }

    public required string Detail { get; init; }

    /// <summary>The facts, JSON as they were answered.</summary>
    public required string Facts { get; init; }

    public required string Actor { get; init; }

    public required string Role { get; init; }

    public required string Channel { get; init; }

    public string? ReasonCode { get; init; }

    public string? ReasonText { get; init; }

    public required string CorrelationId { get; init; }

    public required string IdempotencyKey { get; init; }

    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>The command, so that it can be decided again; null where the refusal was recorded before commands were.</summary>
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

/// <summary>What a caller gets back, over any door.</summary>
/// <param name="Applied">Whether the command changed anything, now or when it was first given.</param>
/// <param name="Replayed">Whether this is the stored answer to a key seen before.</param>
/// <param name="Position">The global position that holds everything this answer tells; null for a refusal.</param>
public sealed record Outcome(
    int Status, string Body, bool Applied, bool Replayed, long? Version = null, long? Position = null, string? Location = null)
{
    public bool IsProblem => Status >= 400;

    /// <summary>Whether the bank keeps this answer: accepted, or refused by a rule. Otherwise nothing was stored.</summary>
    public bool Recorded { get; init; }

    /// <summary>Whether nobody knows if the command was applied: then <see cref="Applied"/> says nothing, and the key finds out.</summary>
    public bool InDoubt { get; init; }
}
