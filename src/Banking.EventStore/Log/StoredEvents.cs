using System.Collections.Frozen;
using System.Text.Json;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;
using JasperFx.Events;
using Marten;
using Marten.Events;
using Npgsql;

namespace Banking.EventStore.Log;

/// <summary>
/// Makes events of the log's rows, for every reader of ours. Those that follow the log get what read models look at: the fact, its place,
/// when, who, and what it belongs to; of its headers, which are as large as the fact, none but whether it was imported, where that is
/// asked. Marten's own reading makes a million events in twice the time. The fact itself is made as Marten makes it, by an upcaster where
/// the event is of an earlier version; StoredEventsTests and OlderEventTests prove that it reads what Marten reads.
/// </summary>
public sealed class StoredEvents
{
    /// <summary>The channel of an event whose row does not say through which it came.</summary>
    public const string UnknownChannel = "";

    /// <summary>Marten's mappings read the fact from the first column.</summary>
    private const string Columns = "select data, id, stream_id, version, type, timestamp, user_name, correlation_id, seq_id, is_archived";

    private const int Sequence = 8;

    private readonly ISerializer _serializer;
    private readonly FrozenDictionary<string, EventMapping> _types;

    public StoredEvents(IDocumentStore store)
    {
        _serializer = store.Options.Serializer();
        _types = StoredEventTypes.Of(store).ToFrozenDictionary(t => t.EventTypeName);
    }

    /// <summary>Whether an event was imported, in SQL; null where it does not say through which channel it came.</summary>
    public static string IsImported(string alias) =>
        $"case jsonb_typeof({alias}.headers -> '{HeaderNames.Channel}') when 'string' then ({alias}.headers ->> '{HeaderNames.Channel}') = '{Channels.Import}' end";

    /// <param name="imported">Also whether an event is history that was imported; who asks the event for its channel is then told so, and
    /// nothing else.</param>
    /// <param name="order">Columns of which an index finds what the condition asks for: a plan for another order may read the whole log for
    /// it.</param>
    public static string Select(string schema, string condition, bool imported = false, string order = "seq_id") =>
        $"{Columns}{(imported ? ", " + IsImported("mt_events") : "")} from {schema}.mt_events where {condition} order by {order}";

    /// <summary>With all headers, for <see cref="ReadWhole"/>.</summary>
    public static string SelectWhole(string schema, string condition, string order) =>
        $"{Columns}, causation_id, headers from {schema}.mt_events where {condition} order by {order}";

    /// <exception cref="UnreadableEventException">Its type is not known to this version of the bank, or the fact is not what its type
    /// says.</exception>
    public IEvent Read(NpgsqlDataReader row, bool imported = false)
    {
        var name = row.GetString(4);
        var type = _types.GetValueOrDefault(name)
            ?? throw Unreadable(row, new InvalidOperationException("This version of the bank does not know its type."));
        IEvent e;
        try
        {
            e = type.ReadEventData(_serializer, row);
        }
        catch (Exception failure)
            when (failure is not (NpgsqlException or IOException or ObjectDisposedException or OperationCanceledException))
        {
            throw Unreadable(row, failure);
        }

        e.Sequence = row.GetInt64(Sequence);
        e.Id = row.GetGuid(1);
        e.StreamId = row.GetGuid(2);
        e.Version = row.GetInt64(3);
        e.EventTypeName = name;
        e.Timestamp = row.GetFieldValue<DateTimeOffset>(5);
        e.UserName = row.IsDBNull(6) ? null : row.GetString(6);
        e.CorrelationId = row.IsDBNull(7) ? null : row.GetString(7);
        e.IsArchived = row.GetBoolean(9);
        if (imported && (row.IsDBNull(10) || row.GetBoolean(10)))
        {
            e.SetHeader(HeaderNames.Channel, row.IsDBNull(10) ? UnknownChannel : Channels.Import);
        }

        return e;
    }

    /// <summary>With all headers, of a row of <see cref="SelectWhole"/>.</summary>
    /// <exception cref="UnreadableEventException">Its type is not known to this version of the bank, or the fact is not what its type
    /// says.</exception>
    public IEvent ReadWhole(NpgsqlDataReader row)
    {
        var e = Read(row);
        e.CausationId = row.IsDBNull(10) ? null : row.GetString(10);
        if (!row.IsDBNull(11))
        {
            using var headers = JsonDocument.Parse(row.GetFieldValue<byte[]>(11));
            if (headers.RootElement.ValueKind == JsonValueKind.Null)
            {
                // Marten's own append of an event without headers.
                return e;
            }

            if (headers.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw Unreadable(row, new InvalidOperationException("Its headers are no object."));
            }

            foreach (var header in headers.RootElement.EnumerateObject())
            {
                e.SetHeader(header.Name, header.Value.ValueKind == JsonValueKind.String ? header.Value.GetString()! : header.Value.Clone());
            }
        }

        return e;
    }

    private static UnreadableEventException Unreadable(NpgsqlDataReader row, Exception failure) =>
        new(row.GetInt64(Sequence), row.GetGuid(1), row.GetString(4), failure);
}
