using Microsoft.AspNetCore.Http;

namespace Banking.Platform.Http;

/// <summary>What every endpoint demands of a request, from its metadata. Runs after authorization and before the body is read.</summary>
public static class RequestRules
{
    public static Task Middleware(HttpContext http, RequestDelegate next)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(next);
        return http.GetEndpoint() is { } endpoint && QueryRules.Problem(http.Request, endpoint) is { } problem
            ? http.WriteProblemAsync(problem)
            : next(http);
    }
}
