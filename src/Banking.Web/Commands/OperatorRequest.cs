using Banking.Commands.Decisions;
using Banking.Commands.Operators;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Commands;

/// <summary>Requests of operators. Each change is recorded in the log with the operator and the reason.</summary>
public static class OperatorRequest
{
    public const string Prefix = "/ops";

    public static bool Is(HttpRequest request)
    {
        return Is(request.Method, request.Path);
    }

    /// <summary>Whether a request with this method and path changes something as an operator.</summary>
    internal static bool Is(string method, PathString path) =>
        path.StartsWithSegments(Prefix, StringComparison.OrdinalIgnoreCase) && !HttpMethods.IsGet(method);

    /// <summary>The problem of the correlation id, which is recorded with the action; or null.</summary>
    public static Refusal? Problem(HttpContext http)
    {
        return Is(http.Request) ? CommandRequest.Correlation(http, out _) : null;
    }

    /// <summary>The action with its operator and reason.</summary>
    public static OperatorAction Action(HttpContext http, string reasonCode, string reason)
    {
        CommandRequest.Correlation(http, out var correlation);
        return new(http.Caller(), $"{http.Request.Method} {http.Request.Path}", correlation, reasonCode, reason);
    }
}
