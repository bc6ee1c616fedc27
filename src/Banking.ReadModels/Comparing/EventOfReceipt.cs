using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>A receipt with what its event says of it.</summary>
/// <param name="Stream">The stream of the event that the receipt names; null if there is no such event.</param>
/// <param name="BrokenRule">The rule that the receipt breaks; null if it breaks none.</param>
/// <param name="IsOfEarlierRefusal">Whether only a stored refusal can show that it belongs here.</param>
internal sealed record EventOfReceipt(
    Guid Id, Guid? EventId, DateTimeOffset RecordedAt, Guid? Stream, string? BrokenRule, bool IsOfEarlierRefusal)
{
    /// <summary>Selects receipts, from the table that the query calls r.</summary>
    public static readonly string Select =
        $"""
        select r.id, r.event_id, r.recorded_at, r.status, r.body is not null, e.stream_id, e.user_name,
            e.headers ->> '{HeaderNames.Operation}', e.headers ->> '{HeaderNames.IdempotencyKey}', e.headers ->> '{HeaderNames.Customer}'
        from {ReceiptTable.Name} r left join {SchemaNames.Events}.mt_events e on e.id = r.event_id

        """;

    public static EventOfReceipt Read(NpgsqlDataReader row)
    {
        string? At(int i) => row.GetOrDefault<string>(i);
        var (id, eventId, status, stream) = (row.GetGuid(0), row.GetOrDefault<Guid?>(1), row.GetInt16(3), row.GetOrDefault<Guid?>(5));
        var broken = stream is null ? ReceiptCheck.EventRule(status, eventId, row.GetBoolean(4))
            : ReceiptedEvent.IdOf(At(9), At(6), At(7), At(8)) == id ? null
            : "its id is made of the caller, operation and key of its event";
        return new(id, eventId, row.GetFieldValue<DateTimeOffset>(2), stream, broken, stream is null && broken is null);
    }
}
