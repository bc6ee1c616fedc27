using System.Collections.Frozen;
using System.Data.Common;
using System.Text.Json;
using Banking.EventStore.Appending;
using Banking.EventStore.Archive;
using Banking.EventStore.Callers;
using Banking.EventStore.Storage;
using JasperFx.Events;
using Marten;
using Marten.Events;
using Npgsql;

namespace Banking.EventStore.Log;

/// <summary>
/// Reads events from rows of the log, for all our readers. Readers that follow the log get what read models use: data, position, time,
/// actor and correlation. Headers are as large as the data and are left out, except, on request, whether the event was imported. Marten
/// takes twice as long for a million events. The data is read by Marten's own mapping, with an upcaster for earlier versions;
/// StoredEventsTests and OlderEventTests prove that the result is what Marten reads.
/// <para>A row whose data was archived is read from its archive file (docs/decisions/0078), so readers see no difference.</para>
/// </summary>
public sealed class StoredEvents
{
    /// <summary>Channel of an event whose row does not name one.</summary>
    public const string UnknownChannel = "";

    /// <summary>Marten's mappings read the data from the first column.</summary>
    private const string Columns = "select data, id, stream_id, version, type, timestamp, user_name, correlation_id, seq_id, is_archived";

    private const int Timestamp = 5;
    private const int Sequence = 8;

    private readonly ISerializer _serializer;
    private readonly FrozenDictionary<string, EventMapping> _types;
    private readonly ArchivedEvents _archive;

    public StoredEvents(IDocumentStore store, ArchivedEvents archive)
    {
        _archive = archive;
        _serializer = store.Options.Serializer();
        _types = StoredEventTypes.Of(store).ToFrozenDictionary(t => t.EventTypeName);
    }

    /// <summary>SQL for the time of a column, or the nearest one that .NET has: the database has others.</summary>
    public static string Time(string column) => $"least(greatest({column}, '0001-01-02'), '9999-12-30')";

    /// <summary>SQL for whether an event was imported; null if the event names no channel.</summary>
    public static string IsImported(string alias) =>
        $"case jsonb_typeof({alias}.headers -> '{HeaderNames.Channel}') when 'string' "
        + $"then ({alias}.headers ->> '{HeaderNames.Channel}') = '{Channels.Import}' end";

    /// <param name="imported">Whether to select if an event was imported. The event's channel is then import, unknown, or not set.</param>
    /// <param name="order">Columns of the index that serves the condition: another order may make the plan read the whole log.</param>
    public static string Select(string condition, bool imported = false, string order = "seq_id") =>
        $"{Columns}{(imported ? ", " + IsImported("mt_events") : "")} "
        + $"from {SchemaNames.Events}.mt_events where {condition} order by {order}";

    /// <summary>Query with all headers, for <see cref="ReadWhole"/>.</summary>
    public static string SelectWhole(string condition, string order) =>
        $"{Columns}, causation_id, headers from {SchemaNames.Events}.mt_events where {condition} order by {order}";

    /// <exception cref="UnreadableEventException">This version of the bank does not know the type, or the data does not fit it.
    /// </exception>
    public IEvent Read(NpgsqlDataReader row, bool imported = false)
    {
        var name = row.GetString(4);
        var type = _types.GetValueOrDefault(name)
            ?? throw Unreadable(row, new UnknownEventTypeException());
        IEvent e;
        try
        {
            e = type.ReadEventData(_serializer, DataOf(row));
            // The database has times that .NET has not.
            e.Timestamp = row.GetFieldValue<DateTimeOffset>(Timestamp);
        }
        catch (Exception failure)
            when (failure is not (NpgsqlException or IOException or ObjectDisposedException or OperationCanceledException))
        {
            throw Unreadable(row, failure);
        }

        return WithMetadata(e, row, imported);
    }

    /// <summary>Reads an event, or makes a stand-in for one that cannot be read (<see cref="UnreadableEvent"/>).</summary>
    public IEvent ReadOrStandIn(NpgsqlDataReader row, bool imported = false)
    {
        try
        {
            return Read(row, imported);
        }
        catch (UnreadableEventException failure)
        {
            var standIn = new Event<UnreadableEvent>(new(failure)) { Timestamp = TimeOrLast(row) };
            return WithMetadata(standIn, row, imported);
        }
    }

    private static DateTimeOffset TimeOrLast(NpgsqlDataReader row)
    {
        try
        {
            return row.GetFieldValue<DateTimeOffset>(Timestamp);
        }
        catch (InvalidCastException)
        {
            return DateTimeOffset.MaxValue;
        }
    }

    private static IEvent WithMetadata(IEvent e, NpgsqlDataReader row, bool imported)
    {
        e.Sequence = row.GetInt64(Sequence);
        e.Id = row.GetGuid(1);
        e.StreamId = row.GetGuid(2);
        e.Version = row.GetInt64(3);
        e.EventTypeName = row.GetString(4);
        e.UserName = row.IsDBNull(6) ? null : row.GetString(6);
        e.CorrelationId = row.IsDBNull(7) ? null : row.GetString(7);
        e.IsArchived = row.GetBoolean(9);
        if (imported && (row.IsDBNull(10) || row.GetBoolean(10)))
        {
            e.SetHeader(HeaderNames.Channel, row.IsDBNull(10) ? UnknownChannel : Channels.Import);
        }

        return e;
    }

    /// <summary>Reads an event with all headers, from a row of <see cref="SelectWhole"/>.</summary>
    /// <exception cref="UnreadableEventException">This version of the bank does not know the type, or the data does not fit it.
    /// </exception>
    public IEvent ReadWhole(NpgsqlDataReader row)
    {
        var e = Read(row);
        e.CausationId = row.IsDBNull(10) ? null : row.GetString(10);
        if (!row.IsDBNull(11))
        {
            using var headers = JsonDocument.Parse(row.GetFieldValue<byte[]>(11));
            if (headers.RootElement.ValueKind == JsonValueKind.Null)
            {
                // Marten's own append stores null for an event without headers.
                return e;
            }

            if (headers.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw Unreadable(row, new InvalidOperationException("The headers are not a JSON object."));
            }

            foreach (var header in headers.RootElement.EnumerateObject())
            {
                e.SetHeader(header.Name, header.Value.ValueKind == JsonValueKind.String ? header.Value.GetString()! : header.Value.Clone());
            }
        }

        return e;
    }

    /// <summary>The row itself, or the data of the event from its archive file.</summary>
    private DbDataReader DataOf(NpgsqlDataReader row)
    {
        if (!row.GetBoolean(9) || ArchiveManifest.FileOf(row.GetFieldValue<byte[]>(0)) is not { } file)
        {
            return row;
        }

        var key = new EventKey(row.GetInt64(Sequence), row.GetGuid(1), row.GetGuid(2), row.GetInt64(3), row.GetString(4));
        return new ArchivedRow(_archive.Find(file, key).Data);
    }

    private static UnreadableEventException Unreadable(NpgsqlDataReader row, Exception failure) =>
        new(row.GetInt64(Sequence), row.GetGuid(1), row.GetString(4), failure);
}
