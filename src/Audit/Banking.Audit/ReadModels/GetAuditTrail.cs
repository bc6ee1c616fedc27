using System.Buffers;
using System.Globalization;
using System.Net.Mime;
using System.Text;
using System.Text.Json;
using Banking.Audit.Actors;
using Banking.EventStore.Json;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Audit.ReadModels;

/// <summary>One event of the log with its metadata.</summary>
/// <remarks><see cref="AuditEvents"/> writes the JSON; this record describes it for the OpenAPI document.</remarks>
/// <param name="Position">The event's position in the log.</param>
/// <param name="StreamId">The id of the event's account, customer or refusal; of streams without public ids only the digits.</param>
/// <param name="Version">The event's version in its stream.</param>
/// <param name="Archived">true: the data was read from an archive file; absent otherwise.</param>
/// <param name="Unreadable">true: the archive file of the event is damaged, so that its data cannot be shown; absent otherwise.</param>
/// <param name="Data">
/// The event's data, with money and ids in the form of the API. Personal data stays encrypted. Null if it was deleted with its archive
/// file, or is unreadable.
/// </param>
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
    bool? Archived,
    bool? Unreadable,
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
    [IntervalParameters("from", "to", "Recorded")]
    [QueryParameter("tz", "The IANA time zone of local times and days, such as Europe/Berlin.")]
    [Tags("Audit")]
    [EndpointSummary("Search the events of the log with their metadata")]
    [EndpointDescription("Searches the events of all accounts, customers and operators by actor, time, type and correlation.")]
    [Authorize(Policies.Audit)]
    [Problems("malformed_filter")]
    [ReadsFrom(AuditModel.ModelName)]
    [ProducesResponseType<AuditPageView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(AuditEvents events, ActorDirectory directory, HttpContext http)
    {
        var (paging, last, problem) = Paging.ReadNumbers(http.Request, 0);

        var (search, unfit) = AuditSearch.Read(http.Request);
        problem ??= unfit;
        return problem is not null
            ? new ProblemResult(problem)
            : new AuditPage(events, directory, paging!.After is null ? search : search.After(last), paging);
    }

    private sealed class AuditPage(AuditEvents events, ActorDirectory directory, AuditSearch search, Paging paging) : IResult
    {
        private const int Chunk = 32 * 1024;

        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var (ct, body) = (httpContext.RequestAborted, httpContext.Response.BodyWriter);
            var actors = new SortedDictionary<string, StoredActor>(StringComparer.Ordinal);
            var (items, last, hasNext) = (0, 0L, false);
            // One more than the page, to find out whether there is a next page.
            await foreach (var e in events.ReadAsync(search, paging.Limit + 1, ct))
            {
                hasNext = items == paging.Limit;
                if (hasNext)
                {
                    break;
                }

                // Only now, because a failure of the query is a problem and not a page.
                Start(httpContext.Response, items++);
                body.Write(e.Json);
                last = e.Position;
                if (e.Actor is { } actor)
                {
                    actors[actor.Actor] = actor;
                }

                if (body.UnflushedBytes > Chunk)
                {
                    await body.FlushAsync(ct);
                }
            }

            if (items == 0)
            {
                Start(httpContext.Response, 0);
            }

            body.Write("],\"actors\":"u8);
            body.Write(JsonSerializer.SerializeToUtf8Bytes(await directory.OpenAsync(actors.Values, ct), ApiJson.Options));
            if (hasNext)
            {
                // The cursor is base64url, so it needs no escaping.
                body.Write(Encoding.ASCII.GetBytes($",\"nextCursor\":\"{paging.Encode(last.ToString(CultureInfo.InvariantCulture))}\""));
            }

            body.Write("}"u8);
            await body.FlushAsync(ct);
        }

        private static void Start(HttpResponse response, int items)
        {
            if (items == 0)
            {
                response.ContentType = MediaTypeNames.Application.Json;
            }

            response.BodyWriter.Write(items == 0 ? "{\"items\":["u8 : ","u8);
        }
    }
}
