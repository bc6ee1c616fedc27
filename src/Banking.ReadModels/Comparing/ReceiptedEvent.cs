using System.Text.Json;
using Banking.Commands.Decisions;
using Banking.Commands.Imports;
using Banking.EventStore.Appending;
using Banking.EventStore.Archive;
using Banking.EventStore.Callers;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>A stored event with its headers, for comparison with its receipt.</summary>
public sealed record ReceiptedEvent(
    Guid Stream,
    long Version,
    long Position,
    Guid Id,
    string Type,
    string Data,
    DateTimeOffset RecordedAt,
    string? Actor,
    string? Correlation,
    string? Operation,
    string? Key,
    string? Channel,
    string? ReasonText,
    string StreamType,
    string? Customer)
{
    /// <summary>For an imported event: whether the same import stored it in the transaction of its stream's first event.</summary>
    public bool IsWithItsFirst { get; init; }

    /// <summary>For an imported event: the id of its stream in the source system.</summary>
    public string? ExternalId { get; init; }

    /// <summary>Whether its data was deleted with its archive file, by a rule.</summary>
    public bool IsDeleted { get; init; }

    internal string? ReasonCode { get; init; }

    /// <summary>Whether its command was carried out because a proposal was approved.</summary>
    internal bool IsApproved { get; init; }

    /// <summary>The version of the first event of its command in its stream.</summary>
    internal long CommandStart { get; init; }

    /// <summary>Whether the next event of its stream, if any, belongs to another command.</summary>
    internal bool IsLastOfCommand { get; init; }

    internal static readonly string Columns =
        "e.stream_id, e.version, e.seq_id, e.id, e.type, e.data::text, e.timestamp, e.user_name, e.correlation_id, " +
        $"e.headers ->> '{HeaderNames.Operation}', e.headers ->> '{HeaderNames.IdempotencyKey}', e.headers ->> '{HeaderNames.Channel}', " +
        $"e.headers ->> '{HeaderNames.ReasonText}', s.type, e.headers ->> '{HeaderNames.Customer}', e.is_archived, " +
        $"e.headers ->> '{HeaderNames.ReasonCode}', e.headers ? '{HeaderNames.Proposal}', {ImportedEvents.Columns}";

    /// <summary>Imported history has no receipt, because no caller got a response.</summary>
    internal bool IsImported =>
        Channel == Channels.Import && Actor?.StartsWith(HistoryImport.ActorPrefix, StringComparison.Ordinal) == true;

    /// <summary>The id of its command's receipt; null if the headers do not name the caller.</summary>
    internal Guid? ReceiptId => IdOf(Customer, Actor, Operation, Key);

    /// <summary>Whether an event is the next one of the same command in the same stream.</summary>
    internal bool IsFollowedBy(ReceiptedEvent next) =>
        Stream == next.Stream && Version + 1 == next.Version && ReceiptId is { } id && id == next.ReceiptId;

    /// <summary>Derives the id of a receipt from the headers of its events.</summary>
    internal static Guid? IdOf(string? customer, string? actor, string? operation, string? key)
    {
        // Earlier versions wrote no customer into the headers of a customer's event, nor into the scope of its receipt.
        Guid? customerId = Guid.TryParseExact(customer, "N", out var id) ? id : null;
        return actor is null || operation is null || key is null || (customer is not null && customerId is null)
            ? null
            : CommandContext.Scope(customerId, actor, operation, key);
    }

    internal static ReceiptedEvent Read(NpgsqlDataReader row, ArchivedEvents archive)
    {
        var data = archive.TextOf(
            row.GetString(5),
            row.GetBoolean(15),
            new(row.GetInt64(2), row.GetGuid(3), row.GetGuid(0), row.GetInt64(1), row.GetString(4)));
        return new(
            row.GetGuid(0),
            row.GetInt64(1),
            row.GetInt64(2),
            row.GetGuid(3),
            row.GetString(4),
            data ?? "{}",
            row.GetFieldValue<DateTimeOffset>(6),
            row.GetOrDefault<string>(7),
            row.GetOrDefault<string>(8),
            row.GetOrDefault<string>(9),
            row.GetOrDefault<string>(10),
            row.GetOrDefault<string>(11),
            row.GetOrDefault<string>(12),
            row.GetString(13),
            row.GetOrDefault<string>(14))
        {
            IsDeleted = data is null,
            ReasonCode = row.GetOrDefault<string>(16),
            IsApproved = row.GetOrDefault<bool>(17),
            IsWithItsFirst = row.GetOrDefault<bool>(18),
            ExternalId = row.GetOrDefault<string>(19),
        };
    }
}

/// <summary>A module's rule for the responses in receipts.</summary>
/// <param name="Problem">Returns the contradiction between the response to a command and its event; null if there is none or the rule does
/// not apply.</param>
public sealed record ReceiptRule(Func<ReceiptedEvent, JsonElement, string?> Problem);
