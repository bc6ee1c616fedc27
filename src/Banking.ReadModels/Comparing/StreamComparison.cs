using System.Globalization;
using Banking.EventStore.Archive;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using JasperFx.Events;
using Marten;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// Compares streams with their events. Versions have no gap or repeat and follow the order of the log. The stream's row has the version and
/// time of its last event. The stream is of a kind that this bank writes, with events of that kind. Only rows that the manifest names are
/// archived, each in the file that it names.
/// </summary>
public sealed class StreamComparison(IEnumerable<StreamKind> kinds, IDocumentStore store) : StoredComparison
{
    public const string LogName = "log";
    public const string Stream = "stream";
    public const string Event = "event";

    private static readonly string Sql =
        $$"""
        with known as (select * from unnest($3::text[], $4::text[]) as k(stream_type, event_type)),
        placed as (
            select stream_id, version, seq_id, id, type, timestamp, is_archived, case when is_archived then data end as data,
                {after} + row_number() over (partition by stream_id order by version, seq_id) as place,
                lag(seq_id) over (partition by stream_id order by version, seq_id) as seq_before,
                lag(timestamp) over (partition by stream_id order by version, seq_id) as time_before,
                lead(seq_id) over (partition by stream_id order by version, seq_id) is null as is_last
            from {{SchemaNames.Events}}.mt_events where {selection:events}),
        counted as (
            select p.stream_id, count(*) as events, max(p.version) as last,
                max(p.timestamp) filter (where p.is_last and p.version = p.place) as last_time,
                min(p.version) filter (where p.version <> p.place) as misplaced,
                min(p.version) filter (where p.seq_id < p.seq_before) as unordered,
                min(p.version) filter (where p.timestamp < p.time_before and not coalesce(s.type = any($5), false)) as untimely,
                min(p.version) filter (where p.is_archived and not {{ArchiveManifest.IsNamed("p")}}) as archived,
                min(p.version) filter (where s.type is not null and not exists (
                    select from known k where k.stream_type = s.type and k.event_type = p.type)) as foreign_kind
            from placed p left join {{SchemaNames.Events}}.mt_streams s on s.id = p.stream_id group by 1)
        select coalesce(s.id, c.stream_id), s.id is null as no_stream, c.stream_id is null as no_events,
            s.type, s.version, s.is_archived, s.timestamp,
            c.events, c.last, c.last_time, c.misplaced, c.unordered, c.untimely, c.archived, c.foreign_kind,
            exists (select from known k where k.stream_type = s.type) as is_known
        from (select * from {{SchemaNames.Events}}.mt_streams where {selection:id}) s full join counted c on c.stream_id = s.id
        where s.id is null or c.stream_id is null or s.version <> c.last or s.timestamp <> c.last_time or s.is_archived
            or c.misplaced is not null or c.unordered is not null or c.untimely is not null or c.archived is not null
            or c.foreign_kind is not null
            or not exists (select from known k where k.stream_type = s.type)
        order by 1 limit {{MaxDifferences}}
        """;

    private readonly (string Stream, string Event)[] _known =
    [
        .. from kind in kinds
           from name in kind.EventTypes
           from stored in StoredEventTypes.Versions(store, name)
           select (kind.Type, stored),
    ];

    /// <summary>
    /// Kinds without receipts. Earlier versions of the bank read the time of their events before they waited for the lock.
    /// </summary>
    private readonly string[] _timesMayFall = [.. kinds.Where(k => !k.HasReceipts).Select(k => k.Type)];

    public override string Name => LogName;

    public override async Task<IReadOnlyList<Difference>> OfStreamsAsync(
        NpgsqlConnection snapshot, StreamSelection streams, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events, CancellationToken ct)
    {
        var sql = Sql.Replace("{selection:events}", streams.OnEvents("stream_id", "version"), StringComparison.Ordinal)
            .Replace("{after}", streams.AfterVersion.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{selection:id}", streams.On("id"), StringComparison.Ordinal);
        var differences = await streams.ListAsync(
            snapshot,
            sql,
            [_known.Select(k => k.Stream).ToArray(), _known.Select(k => k.Event).ToArray(), _timesMayFall],
            row => Differences(row).ToList(),
            ct);
        return [.. differences.SelectMany(d => d)];
    }

    private static IEnumerable<Difference> Differences(NpgsqlDataReader row)
    {
        var id = row.GetGuid(0);
        if (row.GetBoolean(1))
        {
            yield return Named(Stream, id, new { exists = true }, new { exists = false, events = row.GetInt64(7) });
        }
        else if (row.GetBoolean(2))
        {
            yield return Named(Event, id, new { version = row.GetInt64(4) }, null);
        }
        else if (row.GetInt64(4) != row.GetInt64(8))
        {
            yield return Named(Stream, id, new { version = row.GetInt64(8) }, new { version = row.GetInt64(4) });
        }
        else if (!row.IsDBNull(9) && row.GetDateTime(6) != row.GetDateTime(9))
        {
            yield return Named(Stream, id, new { timestamp = row.GetDateTime(9) }, new { timestamp = row.GetDateTime(6) });
        }

        if (!row.GetBoolean(1) && !row.GetBoolean(15))
        {
            yield return Named(
                Stream, id, new { type = "a kind that this bank writes" }, new { type = row.IsDBNull(3) ? null : row.GetString(3) });
        }

        if (!row.GetBoolean(1) && row.GetBoolean(5))
        {
            yield return Named(Stream, id, new { archived = false }, new { archived = true });
        }

        foreach (var (column, rule) in Rules)
        {
            if (!row.IsDBNull(column) && (column != 14 || row.GetBoolean(15)))
            {
                yield return Named(Event, id, new { rule }, new { version = row.GetInt64(column) });
            }
        }
    }

    private static readonly (int Column, string Rule)[] Rules =
    [
        (10, "versions rise by one, from 1"),
        (11, "positions rise with the version"),
        (12, "recorded times never fall with the version"),
        (13, "an archived event is named by the manifest"),
        (14, "a stream holds events of its own kind"),
    ];

    private static Difference Named(string table, Guid stream, object expected, object? found) =>
        new(LogName, table, stream, Text(expected), found is null ? null : Text(found));
}
