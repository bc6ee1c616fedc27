using System.Globalization;
using System.Net.ServerSentEvents;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Web.Http;

/// <summary>An answer of server-sent events. A HEAD request gets only the headers, because the events do not end.</summary>
public static class EventStream
{
    /// <summary>Opens a stream, or refuses it if too many are open (<see cref="EventStreams"/>).</summary>
    public static IResult Of(HttpContext http, Func<IAsyncEnumerable<SseItem<string>>> events)
    {
        if (http.WantsHeadOnly())
        {
            return new HeadResult();
        }

        if (http.RequestServices.GetRequiredService<EventStreams>().TryOpen(http) is not { } refusal)
        {
            return TypedResults.ServerSentEvents(events());
        }

        http.Response.Headers.RetryAfter = EventStreams.RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        return new ProblemResult(refusal);
    }

    private sealed class HeadResult : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.ContentType = ServesAttribute.EventStream;
            return Task.CompletedTask;
        }
    }
}
