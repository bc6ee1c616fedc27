using System.Buffers;
using System.Globalization;
using System.Net.Mime;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Banking.Commands.Decisions;
using Banking.EventStore.Log;
using Banking.Publishing.Log;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Feed;

/// <summary>Events in the order of the log. It is written by hand below and only described here.</summary>
/// <param name="Items">CloudEvents 1.0, as on every other way out.</param>
/// <param name="NextCursor">
/// Pass it as after: a position of the log, there on the last page too, because the log goes on. The same as was passed where there is
/// nothing more yet; a page may have fewer items than asked for, or none, and more behind its cursor.
/// </param>
public sealed record FeedPage(IReadOnlyList<JsonElement> Items, string NextCursor);

/// <summary>The way out that is always there: whoever remembers one number has read everything up to it.</summary>
public static class GetFeedEndpoint
{
    private const int Default = 100;
    private const int Most = 1_000;

    /// <summary>Longer, and proxies would take the connection for dead.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>
    /// After a position, oldest first. With Accept: text/event-stream it goes on for as long as somebody listens; the id of each event is
    /// its position.
    /// </summary>
    [WolverineGet("/v1/feed")]
    [ReadsCompleteLog]
    [Serves(MediaTypeNames.Application.Json, ServesAttribute.EventStream)]
    [QueryParameter("after", "Only what comes after this position; the beginning when left out.")]
    [QueryParameter("limit", "1 to 1000; 100 when left out. Of pages only.")]
    [Tags("Publication")]
    [EndpointSummary("Read what the bank publishes, in the order of the log: pages, or server-sent events that go on")]
    [Authorize(Policies.ReadFeed)]
    [ProducesResponseType<FeedPage>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(PublicLog log, LogWatcher watch, HighWaterMark mark, LogEnd end, HttpContext http)
    {
        var streams = AnswerForm.IsEventStream(http);
        var (limit, problem) = ReadLimit(http.Request, streams);
        var (after, began) = (0L, http.Request.Query["after"]);
        if (problem is null && began.Count > 0)
        {
            (after, problem) = await ReadPositionAsync("after", began.ToString(), mark, end, http.RequestAborted);
        }

        // A reader that reconnects says in the header where it was, whatever its address says where it began.
        if (problem is null && http.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last)
        {
            (after, problem) = await ReadPositionAsync("Last-Event-ID", last, mark, end, http.RequestAborted);
        }

        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        if (streams)
        {
            // Asked before the answer begins: where the next event cannot be read it is a problem like any other, and no stream that breaks
            // off.
            await log.ReadAsync(after, http.RequestAborted);
        }

        return streams
            ? EventStream.Of(http, () => FollowAsync(log, watch, after, http.RequestAborted))
            : new FeedResult(await log.TakeAsync(after, limit, http.RequestAborted));
    }

    private static async Task<(long Position, Refusal? Problem)> ReadPositionAsync(
        string name, string text, HighWaterMark mark, LogEnd end, CancellationToken ct)
    {
        if (!Exact.TryNumber(text, out var position))
        {
            return (0, Problems.Malformed("malformed_position", "after and Last-Event-ID are a position as this feed gave it: digits."));
        }

        // Beyond what this host knows to be complete may still be in the log: only the log itself says where it ends.
        return (position, position <= mark.Complete ? null : PositionBeyondEnd.Problem(name, position, await end.ReadAsync(ct)));
    }

    private static (int Limit, Refusal? Problem) ReadLimit(HttpRequest request, bool streams)
    {
        var limit = Default;
        if (request.Query.TryGetValue("limit", out var text)
            && (!Exact.TryInt(text, out limit) || limit is < 1 or > Most))
        {
            return (0, Problems.Malformed("malformed_limit", $"limit is 1 to {Most}."));
        }

        return streams && request.Query.ContainsKey("limit")
            ? (0, Problems.Malformed("limit_of_a_stream", "limit is of pages; a stream goes on until its reader closes it."))
            : (limit, null);
    }

    private static async IAsyncEnumerable<SseItem<string>> FollowAsync(
        PublicLog log, LogWatcher watch, long after, [EnumeratorCancellation] CancellationToken ct)
    {
        // At once, or who listens would wait for the head of the answer as long as nothing happens.
        yield return At(after);
        while (!watch.Stopping.IsCancellationRequested)
        {
            if (await NextAsync(log, after, ct) is not { } page)
            {
                yield break;
            }

            foreach (var e in page.Events)
            {
                yield return new(Encoding.UTF8.GetString(e.Json.Span), e.Type)
                {
                    EventId = e.Position.ToString(CultureInfo.InvariantCulture),
                };
            }

            if (page.Events.Count == 0 && page.End > after)
            {
                // A stretch that is not published: who reconnects need not go through it again.
                yield return At(page.End);
            }

            if (page.End == after)
            {
                await WaitAsync(watch, after, ct);
                if ((await NextAsync(log, after, ct))?.End == after)
                {
                    // Nothing new: said all the same, so that a proxy sees that somebody is there, and who reconnects knows where it was.
                    yield return At(after);
                }
            }

            after = page.End;
        }
    }

    /// <summary>Null where the next event cannot be read: the answer ends in order, and who reconnects is told why.</summary>
    private static async Task<PublicPage?> NextAsync(PublicLog log, long after, CancellationToken ct)
    {
        try
        {
            return await log.ReadAsync(after, ct);
        }
        catch (UnreadableEventException)
        {
            return null;
        }
    }

    /// <summary>A host that stops waits for nobody who listens: who does is told to come back, and finds another.</summary>
    private static async Task WaitAsync(LogWatcher watch, long after, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, watch.Stopping);
        try
        {
            await watch.WaitAsync(after, Heartbeat, either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // Then the answer ends here, and in order.
        }
    }

    private static SseItem<string> At(long position) =>
        new("{}", "position") { EventId = position.ToString(CultureInfo.InvariantCulture), ReconnectionInterval = TimeSpan.FromSeconds(1) };

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
