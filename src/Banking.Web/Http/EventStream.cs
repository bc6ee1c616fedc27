using System.Globalization;
using System.Net.ServerSentEvents;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Web.Http;

/// <summary>An answer of server-sent events. A HEAD request gets only the headers, because the events do not end.</summary>
public static class EventStream
{
    /// <summary>How far the clock of a token's issuer may differ from the bank's.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>No timer lasts longer than 49 days. A client whose stream ends reconnects.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    /// <summary>
    /// Opens a stream, or refuses it if too many are open (<see cref="EventStreams"/>). It ends when the caller's token is no longer valid.
    /// </summary>
    public static IResult Of(HttpContext http, Func<CancellationToken, IAsyncEnumerable<SseItem<string>>> events)
    {
        if (http.WantsHeadOnly())
        {
            return new HeadResult();
        }

        if (http.RequestServices.GetRequiredService<EventStreams>().TryOpen(http) is not { } refusal)
        {
            return TypedResults.ServerSentEvents(UntilExpiryAsync(http, events));
        }

        http.Response.Headers.RetryAfter = EventStreams.RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        return new ProblemResult(refusal);
    }

    private static async IAsyncEnumerable<SseItem<string>> UntilExpiryAsync(
        HttpContext http, Func<CancellationToken, IAsyncEnumerable<SseItem<string>>> events)
    {
        using var expiry = new CancellationTokenSource(TimeLeft(http));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, expiry.Token);
        await using var items = events(end.Token).GetAsyncEnumerator(end.Token);
        while (await MoveNextAsync(items, expiry.Token))
        {
            yield return items.Current;
        }
    }

    /// <summary>Returns false at the end of the events or of the token: the client reconnects and is then answered 401.</summary>
    private static async Task<bool> MoveNextAsync(IAsyncEnumerator<SseItem<string>> items, CancellationToken expiry)
    {
        try
        {
            return !expiry.IsCancellationRequested && await items.MoveNextAsync();
        }
        catch (OperationCanceledException) when (expiry.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>The time until requests with the caller's token are refused, by the system's clock, which checks tokens.</summary>
    private static TimeSpan TimeLeft(HttpContext http)
    {
        if (http.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult?.Properties?.ExpiresUtc is not { } expires)
        {
            return Longest;
        }

        var left = expires + ClockSkew - TimeProvider.System.GetUtcNow();
        return left < TimeSpan.Zero ? TimeSpan.Zero : left > Longest ? Longest : left;
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
