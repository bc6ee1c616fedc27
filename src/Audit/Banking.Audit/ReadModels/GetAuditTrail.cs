using System.Buffers;
using System.Globalization;
using System.Net.Mime;
using System.Text;
using System.Text.Json;
using Banking.Audit.Actors;
using Banking.EventStore.Appending;
using Banking.EventStore.Json;
using Banking.EventStore.Storage;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Wolverine.Http;

namespace Banking.Audit.ReadModels;

/// <summary>One event of the log with its metadata.</summary>
/// <remarks>The SQL below writes the JSON; this record describes it for the OpenAPI document.</remarks>
/// <param name="Position">The event's position in the log.</param>
/// <param name="StreamId">The digits of the id of the event's account, customer or refusal.</param>
/// <param name="Version">The event's version in its stream.</param>
/// <param name="Data">The event's data, as stored. Personal data stays encrypted.</param>
public sealed record AuditEventView(
    string Id,
    string Type,
    long Position,
    string StreamId,
    long Version,
    DateTimeOffset RecordedAt,
    string? Actor,
    string? Role,
    string? Channel,
    string? Operation,
    AuditReasonView? Reason,
    string? CorrelationId,
    string? CausationId,
    string? IdempotencyKey,
    JsonElement Data);

/// <summary>A page of events, and who their actors are.</summary>
/// <param name="Actors">The actors of these events that the bank knows. Customers, services and erased actors are left out.</param>
/// <param name="NextCursor">Opaque; absent on the last page.</param>
public sealed record AuditPageView(IReadOnlyList<AuditEventView> Items, IReadOnlyList<ActorView> Actors, string? NextCursor);

/// <summary>The reason of a command.</summary>
public sealed record AuditReasonView(string? Code, string? Text);

public static class GetAuditTrailEndpoint
{
    /// <summary>
    /// PostgreSQL writes the JSON and the host passes it on, so that events are not deserialized only to be serialized again. The event's
    /// data is appended unchanged, because an absent member and a null differ there; nulls in the metadata are left out. The positions of
    /// the page are selected first, so that only its events are read from the log.
    /// </summary>
    private const string Items =
        $$"""
        select page.position, left(json_strip_nulls(json_build_object(
            'id', 'evt_' || replace(e.id::text, '-', ''), 'type', e.type, 'position', e.seq_id,
            'streamId', replace(e.stream_id::text, '-', ''), 'version', e.version, 'recordedAt', e.timestamp,
            'actor', e.user_name, 'role', e.headers ->> '{{HeaderNames.Role}}', 'channel', e.headers ->> '{{HeaderNames.Channel}}',
            'operation', e.headers ->> '{{HeaderNames.Operation}}',
            'reason', case when coalesce(e.headers ->> '{{HeaderNames.ReasonCode}}', e.headers ->> '{{HeaderNames.ReasonText}}') is not null
                then json_build_object(
                    'code', e.headers ->> '{{HeaderNames.ReasonCode}}', 'text', e.headers ->> '{{HeaderNames.ReasonText}}') end,
            'correlationId', e.correlation_id, 'causationId', e.causation_id,
            'idempotencyKey', e.headers ->> '{{HeaderNames.IdempotencyKey}}'))::text, -1) || ',"data":' || e.data::text || '}',
            {{StoredActor.Columns}}
        from page join {{SchemaNames.Events}}.mt_events e on e.seq_id = page.position
        left join {{ActorTable.Name}} a on a.actor = e.user_name
        order by page.recorded_at desc, page.position desc
        """;

    /// <summary>
    /// Newest first. All given filters must match; from and to are recorded times, and to is exclusive.
    /// </summary>
    [WolverineGet("/audit/events", OperationId = "searchEvents")]
    [PageParameters]
    [QueryParameter("actor", "The actor of the event.")]
    [QueryParameter("account", "An account's id, acc_…")]
    [QueryParameter("stream", "The id of an account, a customer or anything else with events.")]
    [QueryParameter("type", "Type of event, such as accounts.money-deposited.v1.")]
    [QueryParameter("correlationId", "The correlation id of the event.")]
    [QueryParameter("eventId", "One event, evt_…")]
    [QueryParameter<DateTimeOffset>("from", "Recorded at or after this instant: RFC 3339, or a local time with tz.")]
    [QueryParameter<DateTimeOffset>("to", "Recorded before this instant.")]
    [QueryParameter("tz", "The IANA time zone of local times, such as Europe/Berlin.")]
    [Tags("Audit")]
    [EndpointSummary("Search the events of the log with their metadata")]
    [EndpointDescription("Searches the events of all accounts, customers and operators by actor, time, type and correlation.")]
    [Authorize(Policies.Audit)]
    [Problems("malformed_filter", "malformed_period")]
    [ReadsFrom(AuditModel.ModelName)]
    [ProducesResponseType<AuditPageView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(NpgsqlDataSource source, ActorDirectory directory, HttpContext http)
    {
        var (paging, problem) = Paging.Read(http.Request);
        var last = 0L;
        if (problem is null && paging!.After is not null && !Exact.TryNumber(paging.After, out last))
        {
            problem = Paging.Malformed;
        }

        var (search, unfit) = AuditSearch.Read(http.Request);
        problem ??= unfit;
        return problem is not null
            ? new ProblemResult(problem)
            : new AuditPage(source, directory, paging!.After is null ? search : search.After(last), paging.Limit);
    }

    private sealed class AuditPage(NpgsqlDataSource source, ActorDirectory directory, AuditSearch search, int limit) : IResult
    {
        private const int Chunk = 32 * 1024;

        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var ct = httpContext.RequestAborted;
            var body = httpContext.Response.BodyWriter;
            var (actors, next) = await WriteItemsAsync(httpContext.Response, ct);
            body.Write("],\"actors\":"u8);
            body.Write(JsonSerializer.SerializeToUtf8Bytes(await directory.OpenAsync(actors, ct), ApiJson.Options));
            if (next is { } last)
            {
                // The cursor is base64url, so it needs no escaping.
                body.Write(Encoding.ASCII.GetBytes($",\"nextCursor\":\"{Paging.Encode(last.ToString(CultureInfo.InvariantCulture))}\""));
            }

            body.Write("}"u8);
            await body.FlushAsync(ct);
        }

        /// <returns>The actors of the page's events, and the position of its last event if there is a next page.</returns>
        private async Task<(IEnumerable<StoredActor> Actors, long? Next)> WriteItemsAsync(HttpResponse response, CancellationToken ct)
        {
            // One more than the page, to find out whether there is a next page.
            await using var command = source.CreateCommand($"with page as ({search.Positions(limit + 1)}) {Items}");
            foreach (var value in search.Values)
            {
                command.Parameters.Add(new() { Value = value });
            }

            await using var reader = await command.ExecuteReaderAsync(ct);
            response.ContentType = MediaTypeNames.Application.Json;
            var body = response.BodyWriter;
            body.Write("{\"items\":["u8);
            var actors = new SortedDictionary<string, StoredActor>(StringComparer.Ordinal);
            var (items, last) = (0, 0L);
            while (await reader.ReadAsync(ct))
            {
                if (items == limit)
                {
                    return (actors.Values, last);
                }

                body.Write(items++ == 0 ? ""u8 : ","u8);
                body.Write(reader.GetFieldValue<byte[]>(1));
                last = reader.GetInt64(0);
                if (StoredActor.Read(reader, 2) is { } actor)
                {
                    actors[actor.Actor] = actor;
                }

                if (body.UnflushedBytes > Chunk)
                {
                    await body.FlushAsync(ct);
                }
            }

            return (actors.Values, null);
        }
    }
}
