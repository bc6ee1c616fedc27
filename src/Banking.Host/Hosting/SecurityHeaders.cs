namespace Banking.Host.Hosting;

/// <summary>An API answers nobody's browser page but its own documentation.</summary>
internal static class SecurityHeaders
{
    public static Task Middleware(HttpContext http, Func<Task> next)
    {
        // As the answer starts, and not before: the exception handler clears what was set until then.
        http.Response.OnStarting(() =>
        {
            var headers = http.Response.Headers;
            headers.XContentTypeOptions = "nosniff";
            if (!http.Request.Path.StartsWithSegments("/docs", StringComparison.Ordinal))
            {
                headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
                headers.CacheControl = "no-store";
            }

            return Task.CompletedTask;
        });
        return next();
    }
}
