using System.Buffers;
using System.Globalization;
using System.Net.Mime;
using System.Text;
using System.Text.Json;
using Banking.Commands.Decisions;
using Banking.EventStore.Log;
using Banking.EventStore.Published;
using Banking.Publishing.Log;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Feed;

/// <summary>A page of events in the order of the log.</summary>
/// <remarks>It describes the answer for OpenAPI; the JSON is written directly below.</remarks>
/// <param name="Items">CloudEvents 1.0 events, the same as at every destination.</param>
/// <param name="NextCursor">The value of after for the next page: a position of the log. It is present on the last page too, and equals the
/// given position if there are no more events yet. A page may have fewer items than the limit, or none, although more follow.</param>
public sealed record FeedPage(IReadOnlyList<JsonElement> Items, string NextCursor);

/// <summary>The feed is always available: a consumer that stores one position has read everything up to it.</summary>
public static class GetFeedEndpoint
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1_000;

    /// <summary>
    /// Events after a position, oldest first. With Accept: text/event-stream the answer continues until the client closes it; the id of
    /// each event is its position.
    /// </summary>
    [WolverineGet("/v1/feed", OperationId = "readFeed")]
    [ReadsCompleteLog]
    [Serves(MediaTypeNames.Application.Json, ServesAttribute.EventStream)]
    [QueryParameter<long>("after", "Only events after this position; from the beginning when left out.")]
    [QueryParameter<int>(
        "limit", "The number of events of a page; 100 when left out. For pages only, not for a stream.", Minimum = 1, Maximum = 1000)]
    [QueryParameter("types", "Only events of these types, separated by commas; of all types when left out.")]
    [QueryParameter("accounts", "Only events of these accounts, acc_…, separated by commas; of all accounts when left out.")]
    [Tags("Publication")]
    [EndpointSummary("Read published events in the order of the log, as pages or as a stream of server-sent events")]
    [EndpointDescription("Reads published events in the order of the log, as pages or as a stream of server-sent events.")]
    [Authorize(Policies.ReadFeed)]
    [Problems("malformed_position", "malformed_limit", "limit_of_a_stream", "malformed_filter", "position_beyond_end")]
    [ProducesResponseType<FeedPage>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        PublicLog log, FeedStream stream, PublicContracts contracts, HighWaterMark highWaterMark, LogEnd end, HttpContext http)
    {
        var isStream = AnswerForm.IsEventStream(http);
        var (limit, problem) = ReadLimit(http.Request, isStream);
        var filter = EventFilter.All;
        if (problem is null)
        {
            (filter, problem) = FeedFilter.Read(http.Request.Query, contracts);
        }

        var (after, start) = (0L, http.Request.Query["after"]);
        if (problem is null && start.Count > 0)
        {
            (after, problem) = await ReadPositionAsync("after", start.ToString(), highWaterMark, end, http.RequestAborted);
        }

        // A reader that reconnects sends its last position in this header, which overrides the parameter.
        if (problem is null && http.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last)
        {
            (after, problem) = await ReadPositionAsync("Last-Event-ID", last, highWaterMark, end, http.RequestAborted);
        }

        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        if (!isStream)
        {
            return new FeedResult(await log.TakeAsync(after, limit, http.RequestAborted, filter));
        }

        // Checked before the answer begins: if the next event cannot be read, the answer is a problem and not a broken stream.
        await log.ReadAsync(after, http.RequestAborted);
        return EventStream.Of(http, () => stream.FollowAsync(after, filter, http.RequestAborted));
    }

    private static async Task<(long Position, Refusal? Problem)> ReadPositionAsync(
        string name, string text, HighWaterMark highWaterMark, LogEnd end, CancellationToken ct)
    {
        if (!Exact.TryNumber(text, out var position))
        {
            return (0, Refusal.Malformed("malformed_position", "after and Last-Event-ID must be a position that this feed gave: digits."));
        }

        // A position beyond this host's high-water mark may still be in the log: the end is read from the log itself.
        return (position, position <= highWaterMark.Complete ? null : PositionBeyondEnd.Problem(name, position, await end.ReadAsync(ct)));
    }

    private static (int Limit, Refusal? Problem) ReadLimit(HttpRequest request, bool isStream)
    {
        var limit = DefaultLimit;
        if (request.Query.TryGetValue("limit", out var text)
            && (!Exact.TryInt(text, out limit) || limit is < 1 or > MaxLimit))
        {
            return (0, Refusal.Malformed("malformed_limit", $"limit must be 1 to {MaxLimit}."));
        }

        return isStream && request.Query.ContainsKey("limit")
            ? (0, Refusal.Malformed("limit_of_a_stream", "limit applies to pages; a stream continues until the client closes it."))
            : (limit, null);
    }

    private sealed class FeedResult(PublicPage page) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.ContentType = "application/json";
            var body = httpContext.Response.BodyWriter;
            body.Write("{\"items\":["u8);
            for (var i = 0; i < page.Events.Count; i++)
            {
                body.Write(i == 0 ? ""u8 : ","u8);
                body.Write(page.Events[i].Json.Span);
            }

            body.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"],\"nextCursor\":\"{page.End}\"}}")));
            await body.FlushAsync(httpContext.RequestAborted);
        }
    }
}
