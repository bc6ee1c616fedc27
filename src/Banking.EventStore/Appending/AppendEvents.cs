using System.Data.Common;
using Banking.EventStore.Versions;
using JasperFx;
using JasperFx.Events;
using NpgsqlTypes;
using Weasel.Core;
using Weasel.Storage;
using ICommandBuilder = Weasel.Postgresql.ICommandBuilder;
using IStorageOperation = Marten.Internal.Operations.IStorageOperation;

namespace Banking.EventStore.Appending;

/// <summary>
/// Appends the events of many streams with one statement; Marten's own append is a function call per stream. It is an operation of the
/// Marten session, so that documents, transaction and outbox work as usual. The caller holds the row locks of the existing streams. The
/// statement depends on Marten's tables: SetBasedAppendTests prove after each upgrade that Marten reads the rows as its own.
/// </summary>
internal sealed class AppendEvents(
    string schema,
    Marten.ISerializer serializer,
    EventVersions versions,
    IReadOnlyList<StreamHead> heads,
    IReadOnlyList<EventEnvelope> events) : IStorageOperation
{
    private readonly int _started = heads.Count(h => h.ExpectedVersion == 0);

    private readonly (string Name, object Data)[] _stored = [.. events.Select(e => versions.StoredForm(e.Event))];

    public Type DocumentType => typeof(IEvent);

    public OperationRole Role() => OperationRole.Events;

    public void ConfigureCommand(ICommandBuilder builder, IStorageSession session)
    {
        builder.Append("with heads as (select * from unnest(");
        builder.AppendArray(heads, h => h.StreamId, NpgsqlDbType.Uuid);
        builder.AppendArray(heads, h => h.StreamType, NpgsqlDbType.Varchar, ",");
        builder.AppendArray(heads, h => h.ExpectedVersion, NpgsqlDbType.Bigint, ",");
        builder.AppendArray(heads, h => h.Version, NpgsqlDbType.Bigint, ",");
        builder.AppendArray(heads, h => h.RecordedAt, NpgsqlDbType.TimestampTz, ",");
        builder.Append(") as h(id, type, expected, version, at)), ");
        builder.Append($"started as (insert into {schema}.mt_streams (id, type, version, timestamp, created, tenant_id, is_archived) " +
            $"select id, type, version, at, at, '{StorageConstants.DefaultTenantId}', false from heads where expected = 0 returning 1), ");
        builder.Append($"moved as (update {schema}.mt_streams s set version = h.version, timestamp = h.at from heads h " +
            "where h.expected > 0 and s.id = h.id and s.version = h.expected and not s.is_archived returning 1) ");
        builder.Append($"insert into {schema}.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, " +
            // No CLR type name in the log: Marten finds the type by the permanent name of the event (EventNames).
            "mt_dotnet_type, correlation_id, causation_id, headers, user_name, is_archived) " +
            $"select nextval('{schema}.mt_events_sequence'), e.id, e.stream_id, e.version, e.data, e.type, e.at, " +
            $"'{StorageConstants.DefaultTenantId}', '', e.correlation, e.causation, e.headers, e.actor, false from unnest(");
        builder.AppendArray(events, e => e.Event.Id, NpgsqlDbType.Uuid);
        builder.AppendArray(events, e => e.StreamId, NpgsqlDbType.Uuid, ",");
        builder.AppendArray(events, e => e.Version, NpgsqlDbType.Bigint, ",");
        builder.AppendArray(_stored, s => serializer.ToJson(s.Data), NpgsqlDbType.Jsonb, ",");
        builder.AppendArray(_stored, s => s.Name, NpgsqlDbType.Varchar, ",");
        builder.AppendArray(events, e => e.RecordedAt, NpgsqlDbType.TimestampTz, ",");
        builder.AppendArray(events, e => e.CorrelationId, NpgsqlDbType.Varchar, ",");
        builder.AppendArray<EventEnvelope, string?>(events, e => e.CausationId, NpgsqlDbType.Varchar, ",");
        builder.AppendArray(events, HeadersJson(), NpgsqlDbType.Jsonb, ",");
        builder.AppendArray(events, e => e.Actor, NpgsqlDbType.Varchar, ",");
        builder.Append(") as e(id, stream_id, version, data, type, at, correlation, causation, headers, actor) " +
            "returning seq_id, (select count(*) from moved)");
    }

    /// <summary>Returns the serializer of headers. The events of a command share their headers, which are serialized once.</summary>
    private Func<EventEnvelope, string> HeadersJson()
    {
        (IReadOnlyDictionary<string, object>? Headers, string Json) last = (null, "");
        return e =>
        {
            last = ReferenceEquals(last.Headers, e.Headers) ? last : (e.Headers, serializer.ToJson(e.Headers));
            return last.Json;
        };
    }

    public async Task PostprocessAsync(DbDataReader reader, IList<Exception> exceptions, CancellationToken token)
    {
        for (var i = 0; i < events.Count; i++)
        {
            if (!await reader.ReadAsync(token))
            {
                exceptions.Add(new ConcurrencyException(typeof(IEvent), events[i].StreamId));
                return;
            }

            events[i].Position = reader.GetInt64(0);
            if (i == 0 && reader.GetInt64(1) != heads.Count - _started)
            {
                // A stream was changed or archived in spite of the lock: fail the group.
                exceptions.Add(
                    new ConcurrencyException("A stream changed while it was locked.", typeof(IEvent), events[i].StreamId));
                return;
            }
        }
    }
}
