using System.Buffers;
using System.Globalization;
using System.Net.Mime;
using System.Text;
using System.Text.Json;
using Banking.Commands.Decisions;
using Banking.EventStore.Epochs;
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
/// <param name="Epoch">The value of epoch for the next page: the epoch of the log that the position belongs to.</param>
public sealed record FeedPage(IReadOnlyList<JsonElement> Items, string NextCursor, string Epoch);

/// <summary>The feed is always available: a consumer that stores one position has read everything up to it.</summary>
public static class GetFeedEndpoint
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1_000;

    /// <summary>
    /// Events after a position, oldest first. With Accept: text/event-stream the answer continues until the client closes it; the id of
    /// each event is its epoch and its position.
    /// </summary>
    [WolverineGet("/v1/feed", OperationId = "readFeed")]
    [ReadsCompleteLog]
    [Serves(MediaTypeNames.Application.Json, ServesAttribute.EventStream)]
    [QueryParameter<long>("after", "Only events after this position; from the beginning when left out.")]
    [QueryParameter(
        "epoch", "The epoch of that position, as the feed gave it. If the log was restored since, the answer is 409 and says where.")]
    [QueryParameter<int>(
        "limit", "The number of events of a page; 100 when left out. For pages only, not for a stream.", Minimum = 1, Maximum = 1000)]
    [QueryParameter("types", "Only events of these types, separated by commas; of all types when left out.")]
    [QueryParameter("accounts", "Only events of these accounts, acc_…, separated by commas; of all accounts when left out.")]
    [Tags("Publication")]
    [EndpointSummary("Read published events in the order of the log, as pages or as a stream of server-sent events")]
    [EndpointDescription(
        "Reads published events in the order of the log, as pages or as a stream of server-sent events. Where a rule deleted old events, "
            + "the answer is 410 archive_deleted: continue after its position.")]
    [Authorize(Policies.ReadFeed)]
    [Problems(
        "malformed_position", "malformed_epoch", "malformed_limit", "limit_of_a_stream", "malformed_filter", "position_beyond_end",
        "epoch_changed")]
    [ProducesResponseType<FeedPage>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        PublicLog log,
        FeedStream stream,
        PublicContracts contracts,
        HighWaterMark highWaterMark,
        LogEpochs epochs,
        LogEnd end,
        HttpContext http)
    {
        // Read first: what is answered must never seem to be of a later epoch.
        var history = epochs.History;
        var isStream = AnswerForm.IsEventStream(http);
        var (limit, problem) = ReadLimit(http.Request, isStream);
        var filter = EventFilter.All;
        if (problem is null)
        {
            (filter, problem) = FeedFilter.Read(http.Request.Query, contracts);
        }

        var after = 0L;
        if (problem is null)
        {
            var given = ReadQuery(http.Request.Query, history);
            (after, problem) = await CheckEndAsync("after", given, highWaterMark, end, http.RequestAborted);
        }

        // A reader that reconnects sends its last position in this header, which overrides the parameter.
        if (problem is null && http.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last)
        {
            var heard = LedgerEpochs.ReadPosition(history, "Last-Event-ID", last, "a position that this feed gave");
            (after, problem) = await CheckEndAsync("Last-Event-ID", heard, highWaterMark, end, http.RequestAborted);
        }

        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        if (!isStream)
        {
            return new FeedResult(await log.TakeAsync(after, limit, http.RequestAborted, filter), history.Current.Name);
        }

        // Checked before the answer begins: if the next event cannot be read, the answer is a problem and not a broken stream.
        await log.CheckNextAsync(after, filter, http.RequestAborted);
        return EventStream.Of(http, ct => stream.FollowAsync(after, history.Current.Name, filter, ct));
    }

    private static (long Position, Refusal? Problem) ReadQuery(IQueryCollection query, EpochHistory history)
    {
        if (query.TryGetValue("epoch", out var epoch) && LedgerEpochs.Problem(history, "epoch", epoch.ToString()) is { } problem)
        {
            return (0, problem);
        }

        return !query.TryGetValue("after", out var after) ? (0, null)
            : Exact.TryNumber(after.ToString(), out var position) ? (position, null)
            : (0, Refusal.Malformed("malformed_position", "after must be a position that this feed gave: digits."));
    }

    private static async Task<(long Position, Refusal? Problem)> CheckEndAsync(
        string name, (long Position, Refusal? Problem) given, HighWaterMark highWaterMark, LogEnd end, CancellationToken ct) =>
        // A position beyond this host's high-water mark may still be in the log: the end is read from the log itself.
        given.Problem is not null || given.Position <= highWaterMark.Complete
            ? given
            : given with { Problem = PositionBeyondEnd.Problem(name, given.Position, await end.ReadAsync(ct)) };

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

    private sealed class FeedResult(PublicPage page, string epoch) : IResult
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

            body.Write(Encoding.ASCII.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $"],\"nextCursor\":\"{page.End}\",\"epoch\":\"{epoch}\"}}")));
            await body.FlushAsync(httpContext.RequestAborted);
        }
    }
}
