using Banking.Commands;
using Banking.Commands.Receipts;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>The receipt that the headers of an event name, and the refusal that the event is about.</summary>
/// <param name="Id">Null if there is no such receipt.</param>
/// <param name="Body">The answer; null if it expired.</param>
/// <param name="IsInRow">
/// Whether the answer is in the row of the receipt, where earlier versions stored it (ADR 0080). It may lack members that were added since.
/// </param>
/// <param name="HasEvent">Whether the event that the receipt names exists.</param>
/// <param name="HasSameHeaders">Whether that event has the headers of this one.</param>
/// <param name="IsDropped">Whether the answers of its month were dropped, and not earlier than they may be.</param>
internal sealed record ReceiptRow(
    Guid? Id, Guid? EventId, DateTimeOffset RecordedAt, int Status, string? Location, long? Version, string? Body, bool IsInRow,
    bool HasEvent, bool HasSameHeaders, StoredRefusal? Refusal, bool IsDropped)
{
    /// <summary>The rows for receipts $1 and the positions $2 of their events, in this order.</summary>
    public static readonly string Select =
        $"""
        select r.id, r.event_id, r.recorded_at, r.status, r.location, r.version, coalesce(r.body, a.body), r.body is not null,
            l.id is not null,
            l.headers is not distinct from e.headers
                and l.correlation_id is not distinct from e.correlation_id and l.user_name is not distinct from e.user_name,
            f.id is not null, f.data ->> 'code', f.data ->> 'detail', f.data ->> 'facts',
            exists (select from {AnswerTable.DroppedTable} d where d.month = date_trunc('month', r.recorded_at, 'UTC')::date
                and d.dropped_at between d.month + interval '1 month {AnswerTable.MinDays} days' and clock_timestamp())
        from unnest($1, $2) with ordinality as i(receipt, position, place)
        join {SchemaNames.Events}.mt_events e on e.seq_id = i.position
        left join {ReceiptTable.Name} r on r.id = i.receipt
        left join {AnswerTable.Name} a on r.body is null and a.recorded_at = r.recorded_at and a.id = r.id
        left join {SchemaNames.Events}.mt_events l on l.id = r.event_id
        left join {CommandsModule.RefusalTable} f on f.id = e.stream_id
        order by i.place
        """;

    public static ReceiptRow Read(NpgsqlDataReader row) => new(
        row.GetOrDefault<Guid?>(0),
        row.GetOrDefault<Guid?>(1),
        row.GetOrDefault<DateTimeOffset>(2),
        row.GetOrDefault<short>(3),
        row.GetOrDefault<string>(4),
        row.GetOrDefault<long?>(5),
        row.GetOrDefault<string>(6),
        row.GetBoolean(7),
        row.GetBoolean(8),
        row.GetBoolean(9),
        row.GetBoolean(10) ? new(row.GetOrDefault<string>(11), row.GetOrDefault<string>(12), row.GetOrDefault<string>(13)) : null,
        row.GetBoolean(14));
}

/// <summary>The part of a refusal that its answer repeats.</summary>
/// <param name="Facts">JSON.</param>
internal sealed record StoredRefusal(string? Code, string? Detail, string? Facts);
