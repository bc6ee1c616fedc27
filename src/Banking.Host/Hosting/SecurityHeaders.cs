namespace Banking.Host.Hosting;

/// <summary>Response headers that keep browsers from showing, embedding or caching answers. The API documentation is exempt.</summary>
internal static class SecurityHeaders
{
    public static Task Middleware(HttpContext http, Func<Task> next)
    {
        // Set when the response starts, because the exception handler clears headers that were set before.
        http.Response.OnStarting(() =>
        {
            var headers = http.Response.Headers;
            headers.XContentTypeOptions = "nosniff";
            if (!http.Request.Path.StartsWithSegments("/docs", StringComparison.Ordinal))
            {
                // A page for people brings a policy that allows its own style.
                if (headers.ContentSecurityPolicy.Count == 0)
                {
                    headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
                }

                headers.CacheControl = "no-store";
            }

            return Task.CompletedTask;
        });
        return next();
    }
}
