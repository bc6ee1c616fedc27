using System.Collections.Frozen;
using System.Reflection;
using Banking.Platform.Commands;
using Banking.Platform.Security;
using JasperFx.Events;
using Marten;
using Npgsql;

namespace Banking.Platform.Following;

/// <summary>
/// Makes events of the log's rows with what read models look at: the fact, its place, when, who, and what it belongs to. Of its headers, which are as
/// large as the fact, none but whether it was imported, where that is asked. Marten's own reading makes a million events in twice the time. It knows Marten's table and the names of the events;
/// StoredEventsTests prove that it reads what Marten reads, and that no event has a way of its own of being read (an upcaster), which it would not know.
/// </summary>
internal sealed class StoredEvents
{
    private static readonly MethodInfo Generic = typeof(StoredEvents).GetMethod(nameof(Wrap), BindingFlags.NonPublic | BindingFlags.Static)!;

    private readonly ISerializer _serializer;
    private readonly FrozenDictionary<string, Kind> _kinds;

    public StoredEvents(IDocumentStore store)
    {
        _serializer = store.Options.Serializer();
        _kinds = store.Options.Events.AllKnownEventTypes().ToFrozenDictionary(
            e => e.EventTypeName,
            e => new Kind(e.EventTypeName, e.EventType, Generic.MakeGenericMethod(e.EventType).CreateDelegate<Func<object, IEvent>>()));
    }

    /// <param name="imported">Also whether an event is history that was imported; who asks the event for its channel is then told so, and nothing else.</param>
    /// <param name="order">Columns of which an index finds what the condition asks for: a plan for another order may read the whole log for it.</param>
    public static string Select(string schema, string condition, bool imported = false, string order = "seq_id") =>
        "select seq_id, id, stream_id, version, type, timestamp, user_name, correlation_id, data, is_archived" +
        (imported ? $", (headers ->> '{HeaderNames.Channel}') = '{Channels.Import}'" : "") +
        $" from {schema}.mt_events where {condition} order by {order}";

    /// <exception cref="UnreadableEventException">Its type is not known to this version of the bank, or the fact is not what its type says.</exception>
    public IEvent Read(NpgsqlDataReader row, bool imported = false)
    {
        var name = row.GetString(4);
        var kind = _kinds.GetValueOrDefault(name)
            ?? throw new UnreadableEventException(row.GetInt64(0), row.GetGuid(1), name, new InvalidOperationException("This version of the bank does not know its type."));
        IEvent e;
        try
        {
            e = kind.Wrap(_serializer.FromJson(kind.Type, row, 8));
        }
        catch (Exception failure) when (failure is not (NpgsqlException or IOException or ObjectDisposedException or OperationCanceledException))
        {
            throw new UnreadableEventException(row.GetInt64(0), row.GetGuid(1), name, failure);
        }

        e.Sequence = row.GetInt64(0);
        e.Id = row.GetGuid(1);
        e.StreamId = row.GetGuid(2);
        e.Version = row.GetInt64(3);
        e.EventTypeName = kind.Name;
        e.Timestamp = row.GetFieldValue<DateTimeOffset>(5);
        e.UserName = row.IsDBNull(6) ? null : row.GetString(6);
        e.CorrelationId = row.IsDBNull(7) ? null : row.GetString(7);
        e.IsArchived = row.GetBoolean(9);
        if (imported && !row.IsDBNull(10) && row.GetBoolean(10))
        {
            e.SetHeader(HeaderNames.Channel, Channels.Import);
        }

        return e;
    }

    private static Event<T> Wrap<T>(object fact)
        where T : notnull => new Event<T>((T)fact);

    private sealed record Kind(string Name, Type Type, Func<object, IEvent> Wrap);
}
