using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using Banking.Audit.Actors;
using Banking.EventStore.Appending;
using Banking.EventStore.Archive;
using Banking.EventStore.Json;
using Banking.EventStore.Log;
using Banking.EventStore.Published;
using Banking.EventStore.Sealing;
using Banking.EventStore.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Audit.ReadModels;

/// <summary>An event as an audit shows it.</summary>
/// <param name="Json">The JSON of an <see cref="AuditEventView"/>.</param>
internal readonly record struct AuditEvent(long Position, byte[] Json, StoredActor? Actor);

/// <summary>
/// Reads the events of a search. PostgreSQL writes the JSON of the metadata, and events are not deserialized: an audit also shows those
/// that this version of the bank cannot read. The positions of the page are selected first, so that only its events are read from the log.
/// </summary>
public sealed class AuditEvents(
    NpgsqlDataSource source, PublicEventData data, IEnumerable<PublicStream> streams, IEnumerable<PublicIds> ids, ArchivedEvents archive,
    SealedMembers texts)
{
    /// <summary>What has the form of an id. Anything may be stored in its place, and must not fail the query.</summary>
    private const string IdPattern = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$";

    private readonly PublicIds[] _ids = [.. ids.Where(i => i.OfAnyStream.Count > 0)];
    private readonly string _items = Items(ids.Where(i => i.OfAnyStream.Count > 0));

    private static string Items(IEnumerable<PublicIds> ids) =>
        $$"""
        select page.position, left(json_strip_nulls(json_build_object(
            'id', 'evt_' || replace(e.id::text, '-', ''), 'type', e.type, 'position', e.seq_id,
            'streamId', coalesce(k.prefix || '_', '') || replace(e.stream_id::text, '-', ''), 'version', e.version,
            'recordedAt', e.timestamp,
            'actor', e.user_name, 'role', e.headers ->> '{{HeaderNames.Role}}', 'channel', e.headers ->> '{{HeaderNames.Channel}}',
            'operation', e.headers ->> '{{HeaderNames.Operation}}',
            'reason', case when coalesce(e.headers ->> '{{HeaderNames.ReasonCode}}', e.headers ->> '{{HeaderNames.ReasonText}}') is not null
                then json_build_object(
                    'code', e.headers ->> '{{HeaderNames.ReasonCode}}', 'text', e.headers ->> '{{HeaderNames.ReasonText}}') end,
            'correlationId', e.correlation_id, 'causationId', e.causation_id,
            'idempotencyKey', e.headers ->> '{{HeaderNames.IdempotencyKey}}',
            'archived', case when e.is_archived then true end))::text, -1), e.type, e.data::text, about.prefix, e.is_archived,
            e.id, e.stream_id, e.version,
            {{StoredActor.Columns}}
        from page join {{SchemaNames.Events}}.mt_events e on e.seq_id = page.position
        left join {{SchemaNames.Streams}} s on s.id = e.stream_id
        left join kind k on k.type = s.type
        left join lateral (
            select case {{string.Join(' ', ids.Select(NamedId))}} end as id) named on true
        left join {{SchemaNames.Streams}} other on other.id = case when named.id ~ '{{IdPattern}}' then named.id::uuid end
        left join kind about on about.type = other.type
        left join {{ActorTable.Name}} a on a.actor = e.user_name
        order by page.recorded_at desc, page.position desc
        """;

    /// <summary>The events of the first page of a search.</summary>
    internal async IAsyncEnumerable<AuditEvent> ReadAsync(AuditSearch search, int limit, [EnumeratorCancellation] CancellationToken ct)
    {
        var positions = search.Positions(limit);
        const NpgsqlDbType Texts = NpgsqlDbType.Array | NpgsqlDbType.Text;
        object[] values =
        [
            .. search.Values,
            Texts.Of(streams.Select(s => s.StreamType).ToArray()),
            Texts.Of(streams.Select(s => s.Prefix).ToArray()),
        ];
        await using var command = source.CreateCommand(
            $"with page as ({positions}), "
                + $"kind as (select * from unnest(${values.Length - 1}, ${values.Length}) as k(type, prefix)) {_items}");
        foreach (var value in values)
        {
            command.Parameters.Add(value as NpgsqlParameter ?? new() { Value = value });
        }

        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            yield return new(reader.GetInt64(0), Show(reader), StoredActor.Read(reader, 9));
        }
    }

    private byte[] Show(NpgsqlDataReader reader)
    {
        var metadata = reader.GetString(1);
        string? json;
        try
        {
            json = archive.TextOf(
                reader.GetString(3),
                reader.GetBoolean(5),
                new(reader.GetInt64(0), reader.GetGuid(6), reader.GetGuid(7), reader.GetInt64(8), reader.GetString(2)));
        }
        catch (UnreadableEventException)
        {
            // An auditor must see the other events, and that this one is damaged.
            (metadata, json) = (metadata + ",\"unreadable\":true", null);
        }

        return Join(
            metadata,
            // What cannot be opened is shown as it is stored: an audit does not depend on it.
            data.Of(
                reader.GetString(2),
                json is null ? null : texts.OpenIfPossible(JsonNode.Parse(json)),
                OfAnyStream(reader.GetString(2), reader.GetOrDefault<string>(4))));
    }

    /// <summary>SQL for the member that has the id of a stream of any kind, in the events of one module.</summary>
    private static string NamedId(PublicIds ids) =>
        $"when starts_with(e.type, '{ids.Events}') then coalesce({string.Join(", ", ids.OfAnyStream.Select(m => $"e.data ->> '{m}'"))})";

    /// <summary>The members of an event with the id of a stream whose kind has this prefix.</summary>
    private Dictionary<string, Func<JsonObject, string>> OfAnyStream(string type, string? prefix) => prefix is null
        ? []
        : _ids.Where(i => type.StartsWith(i.Events, StringComparison.Ordinal)).SelectMany(i => i.OfAnyStream)
            .ToDictionary(m => m, _ => (Func<JsonObject, string>)(_ => prefix));

    /// <summary>An absent member and a null differ in the event's data, so nulls are left out of the metadata only.</summary>
    private static byte[] Join(string metadata, JsonNode? shown) =>
        Encoding.UTF8.GetBytes($"{metadata},\"data\":{shown?.ToJsonString(ApiJson.Options) ?? "null"}}}");
}
