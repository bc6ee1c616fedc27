using Banking.Commands.Decisions;
using Banking.Commands.Operators;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Commands;

/// <summary>Requests of operators: what they do to the machinery is in the log, with who and why.</summary>
public static class OperatorRequest
{
    public const string Prefix = "/ops";

    public static bool Is(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.Path.StartsWithSegments(Prefix, StringComparison.OrdinalIgnoreCase) && !HttpMethods.IsGet(request.Method);
    }

    /// <summary>What is wrong with the correlation id, which is kept with what the operator does, or null.</summary>
    public static Refusal? Problem(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        return Is(http.Request) ? CommandRequest.Correlation(http, out _) : null;
    }

    /// <summary>Who does it, and why.</summary>
    public static OperatorAction Action(HttpContext http, string reasonCode, string reason)
    {
        ArgumentNullException.ThrowIfNull(http);
        CommandRequest.Correlation(http, out var correlation);
        return new(http.Caller(), $"{http.Request.Method} {http.Request.Path}", correlation, reasonCode, reason);
    }
}
