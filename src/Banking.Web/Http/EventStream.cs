using System.Net.ServerSentEvents;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

/// <summary>An answer of server-sent events. A HEAD request gets only the headers, because the events do not end.</summary>
public static class EventStream
{
    public static IResult Of(HttpContext http, Func<IAsyncEnumerable<SseItem<string>>> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        return http.WantsHeadOnly() ? new HeadResult() : TypedResults.ServerSentEvents(events());
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
