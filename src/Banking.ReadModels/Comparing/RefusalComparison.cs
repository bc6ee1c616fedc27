using Banking.Commands;
using Banking.EventStore.Appending;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using JasperFx.Events;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// Compares stored refusals with their events in the log. One transaction writes both, so each needs the other, and their common data must
/// be equal.
/// </summary>
public sealed class RefusalComparison : StoredComparison
{
    public const string Table = "refusal";

    /// <summary>The data of the event, with the member names of the refusal.</summary>
    private const string EventData =
        $$"""
        jsonb_strip_nulls(jsonb_build_object(
            'streamId', e.data ->> 'subject', 'streamVersion', e.data -> 'subjectVersion',
            'operation', e.data ->> 'operation', 'code', e.data ->> 'code',
            'actor', e.user_name, 'role', e.headers ->> '{{HeaderNames.Role}}', 'channel', e.headers ->> '{{HeaderNames.Channel}}',
            'reasonCode', e.headers ->> '{{HeaderNames.ReasonCode}}', 'reasonText', e.headers ->> '{{HeaderNames.ReasonText}}',
            'correlationId', e.correlation_id, 'idempotencyKey', e.headers ->> '{{HeaderNames.IdempotencyKey}}', 'recordedAt', e.timestamp))
        """;

    private static readonly string RecordedAt = StoredTime.Of("r.data ->> 'recordedAt'");

    /// <summary>
    /// The same data of the refusal. PostgreSQL formats its instant, so that two spellings of one instant are equal. A text that is no time
    /// stays as it is.
    /// </summary>
    private static readonly string RefusalData =
        $"""
        jsonb_strip_nulls(jsonb_build_object(
            'streamId', r.data ->> 'streamId', 'streamVersion', r.data -> 'streamVersion',
            'operation', r.data ->> 'operation', 'code', r.data ->> 'code',
            'actor', r.data ->> 'actor', 'role', r.data ->> 'role', 'channel', r.data ->> 'channel',
            'reasonCode', r.data ->> 'reasonCode', 'reasonText', r.data ->> 'reasonText',
            'correlationId', r.data ->> 'correlationId', 'idempotencyKey', r.data ->> 'idempotencyKey',
            'recordedAt', coalesce(to_jsonb({RecordedAt}), r.data -> 'recordedAt')))
        """;

    public override string Name => "refusals";

    public override Task<IReadOnlyList<Difference>> OfStreamsAsync(
        NpgsqlConnection snapshot, StreamSelection streams, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events, CancellationToken ct)
    {
        // An earlier version of the bank wrote no events for refusals: skip refusals older than the first event.
        return streams.ListAsync(
            snapshot,
            $"""
            select coalesce(e.stream_id, r.id), {EventData}::text,
                case when r.id is null then null else {RefusalData}::text end, e.stream_id is null
            from (select * from {SchemaNames.Events}.mt_events where {streams.On("stream_id")} and type = $3) e
            full join (select * from {CommandsModule.RefusalTable} where {streams.On("id")}) r on r.id = e.stream_id
            where (r.id is null or e.stream_id is null or {EventData} <> {RefusalData})
                and (e.stream_id is not null or {RecordedAt} is null or {RecordedAt} >=
                    (select timestamp from {SchemaNames.Events}.mt_events where type = $3 order by seq_id limit 1))
            order by 1 limit {MaxDifferences}
            """,
            [CommandsModule.RefusedEventName],
            row => new Difference(
                Name, Table, row.GetGuid(0), row.GetBoolean(3) ? null : row.GetString(1), row.GetOrDefault<string>(2)),
            ct);
    }
}
