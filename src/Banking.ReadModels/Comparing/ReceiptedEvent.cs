using System.Text.Json;
using Banking.Commands.Decisions;
using Banking.Commands.Imports;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>An event as it is stored, with who and why: what a receipt can be compared with.</summary>
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
    /// <summary>Of an imported event: whether the same import stored it in the transaction of its stream's first event.</summary>
    public bool IsWithItsFirst { get; init; }

    /// <summary>Of an imported event: the id that its stream had in its own system.</summary>
    public string? ExternalId { get; init; }

    internal const string Columns =
        "e.stream_id, e.version, e.seq_id, e.id, e.type, e.data::text, e.timestamp, e.user_name, e.correlation_id, " +
        $"e.headers ->> '{HeaderNames.Operation}', e.headers ->> '{HeaderNames.IdempotencyKey}', e.headers ->> '{HeaderNames.Channel}', " +
        $"e.headers ->> '{HeaderNames.ReasonText}', s.type, e.headers ->> '{HeaderNames.Customer}'";

    /// <summary>History of another system has no receipt: nobody was answered.</summary>
    internal bool IsImported =>
        Channel == Channels.Import && Actor?.StartsWith(HistoryImport.ActorPrefix, StringComparison.Ordinal) == true;

    /// <summary>The id of the receipt of its command; null where the event does not say whose command it was.</summary>
    internal Guid? ReceiptId => IdOf(Customer, Actor, Operation, Key);

    /// <summary>The id of a receipt, from what the headers of its events say.</summary>
    internal static Guid? IdOf(string? customer, string? actor, string? operation, string? key)
    {
        // An event that an earlier version wrote for a customer names none, and its receipt is of a scope without one.
        Guid? of = Guid.TryParseExact(customer, "N", out var id) ? id : null;
        return actor is null || operation is null || key is null || (customer is not null && of is null)
            ? null
            : CommandContext.Scope(of, actor, operation, key);
    }

    internal static ReceiptedEvent Read(NpgsqlDataReader row)
    {
        return new(
            row.GetGuid(0),
            row.GetInt64(1),
            row.GetInt64(2),
            row.GetGuid(3),
            row.GetString(4),
            row.GetString(5),
            row.GetFieldValue<DateTimeOffset>(6),
            Text(7),
            Text(8),
            Text(9),
            Text(10),
            Text(11),
            Text(12),
            row.GetString(13),
            Text(14));

        string? Text(int i) => row.IsDBNull(i) ? null : row.GetString(i);
    }
}

/// <summary>What a module knows of the answers in receipts.</summary>
/// <param name="Problem">What the answer to a command, and the event that it told, say differently; null where they agree, or the rule does
/// not concern them.</param>
public sealed record ReceiptRule(Func<ReceiptedEvent, JsonElement, string?> Problem);
