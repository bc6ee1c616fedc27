using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Banking.Web.Http;

/// <summary>
/// Answers HEAD wherever GET is mapped (RFC 9110, 9.3.2), with the same headers and no body. Runs before routing, so that routes need not
/// name HEAD.
/// </summary>
public static class HeadRequests
{
    /// <summary>Whether only headers are wanted: an endless answer must not be started.</summary>
    public static bool WantsHeadOnly(this HttpContext http)
    {
        return http.Features.Get<IHttpResponseBodyFeature>() is NoBody;
    }

    public static Task Middleware(HttpContext http, RequestDelegate next)
    {
        return HttpMethods.IsHead(http.Request.Method) ? RunAsync(http, next) : next(http);
    }

    private static async Task RunAsync(HttpContext http, RequestDelegate next)
    {
        var body = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        http.Request.Method = HttpMethods.Get;
        http.Features.Set<IHttpResponseBodyFeature>(new NoBody(body));
        try
        {
            await next(http);
        }
        finally
        {
            http.Request.Method = HttpMethods.Head;
            http.Features.Set(body);
        }
    }

    /// <summary>Discards the body and sends only the headers.</summary>
    private sealed class NoBody(IHttpResponseBodyFeature inner) : StreamResponseBodyFeature(Stream.Null)
    {
        public override Task StartAsync(CancellationToken cancellationToken = default) => inner.StartAsync(cancellationToken);

        public override void DisableBuffering() => inner.DisableBuffering();
    }
}
