using Banking.Commands.Decisions;
using Banking.EventStore.Appending;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Banking.Web.Commands;

/// <summary>Reads the headers of a command.</summary>
public static class CommandRequest
{
    /// <summary>Query parameter of the operations that can be proposed instead of carried out.</summary>
    public const string ProposeParameter = "propose";

    /// <summary>Whether the request proposes its command.</summary>
    public static bool IsProposed(HttpContext http)
    {
        return http.Request.Query[ProposeParameter] == "true";
    }

    /// <summary>
    /// Reads the context of a command, or the problem of its headers. Both are returned if the key is valid and another header is not: an
    /// earlier answer to the key is still repeated.
    /// </summary>
    public static (CommandContext? Context, Refusal? Problem) Read(HttpContext http, TimeProvider clock)
    {
        var endpoint = http.GetEndpoint()?.Metadata.GetMetadata<RunsCommandAttribute>()
            ?? throw new InvalidOperationException("An endpoint that runs a command has the attribute RunsCommand.");
        var (key, former, problem) = Key(http.Request);
        if (problem is null && key is null && endpoint.IsKeyRequired)
        {
            problem = Refusal.Malformed(
                "idempotency_key_missing",
                "Send an Idempotency-Key header with a value of your choice, and the same value when you repeat the request.");
        }

        long? ifVersion = null;
        var isIfMatchValid = http.Request.Headers.IfMatch.Count == 0 || TryETag(http.Request.Headers.IfMatch.ToString(), out ifVersion);
        var otherProblem = Correlation(http, out var correlation)
            ?? (
                isIfMatchValid
                    ? null
                    : Refusal.Malformed("malformed_if_match", "If-Match must be a strong ETag that this bank gave, such as \"42\"."));
        return problem is not null
            ? (null, problem)
            : (
                Context(http, key ?? $"auto-{Ids.Next(clock):N}", correlation, ifVersion) with { FormerKey = former },
                otherProblem ?? ProposalProblem(http));
    }

    /// <summary>Returns why the request cannot propose its command; null if it can, or does not want to.</summary>
    private static Refusal? ProposalProblem(HttpContext http) => http.Request.Query[ProposeParameter].ToString() switch
    {
        "" when !http.Request.Query.ContainsKey(ProposeParameter) => null,
        "false" => null,
        "true" when http.Caller().IsStaff => null,
        "true" => Refusal.Of(RefusalKind.NotAllowed, "forbidden", "Only staff propose commands."),
        _ => Refusal.Malformed("malformed_propose", "propose is true or false."),
    };

    private static CommandContext Context(HttpContext http, string key, string correlation, long? ifVersion)
    {
        var content = StrictBody.Content(http);
        return new(http.Caller(), Operation(http), key, content.Fingerprint(), correlation, CausationId: null, IfVersion: ifVersion)
        {
            Content = content,
        };
    }

    /// <summary>Reads the common context of a batch; each command has its own key and content.</summary>
    public static (CommandContext? Context, Refusal? Problem) ReadBatch(HttpContext http, string operation)
    {
        return Correlation(http, out var correlation) is { } problem
            ? (null, problem)
            : (new CommandContext(http.Caller(), operation, "", "", correlation, CausationId: null), null);
    }

    /// <summary>
    /// Reads the correlation id, or its problem. The request's trace id is used if the caller sent none or an invalid one.
    /// </summary>
    internal static Refusal? Correlation(HttpContext http, out string correlation)
    {
        correlation = http.Request.Headers["X-Correlation-ID"].ToString();
        if (correlation.Length == 0)
        {
            correlation = http.TraceId();
            return null;
        }

        if (PlainText.Problem(correlation, 100) is not { } reason)
        {
            return null;
        }

        correlation = http.TraceId();
        return Refusal.Malformed("malformed_correlation_id", "X-Correlation-ID: " + reason);
    }

    /// <summary>
    /// Parses a strong ETag, which is a stream version in quotes. "*" only requires that the resource exists, which every command requires
    /// anyway.
    /// </summary>
    public static bool TryETag(string text, out long? version)
    {
        version = null;
        if (text == "*")
        {
            return true;
        }

        if (text is ['"', .. var digits, '"'] && Exact.TryNumber(digits, out var parsed))
        {
            version = parsed;
            return true;
        }

        return false;
    }

    /// <summary>
    /// The route with its values and not the address: letter case or a slash at the end must not change the operation that a key belongs
    /// to. Proposing a command is another operation than carrying it out.
    /// </summary>
    internal static string Operation(HttpContext http)
    {
        var route = ((RouteEndpoint)http.GetEndpoint()!).RoutePattern.RawText!;
        foreach (var (name, value) in http.Request.RouteValues)
        {
            route = route.Replace($"{{{name}}}", value?.ToString(), StringComparison.Ordinal);
        }

        return $"{http.Request.Method} {route}{(IsProposed(http) ? $"?{ProposeParameter}=true" : "")}";
    }

    /// <summary>Reads the key, and the form in which earlier versions of this bank read the same header.</summary>
    internal static (string? Key, string? Former, Refusal? Problem) Key(HttpRequest request)
    {
        var values = request.Headers["Idempotency-Key"];
        if (values.Count == 0)
        {
            return (null, null, null);
        }

        var text = values.ToString().Trim(' ', '\t');
        var former = text is ['"', .. var inner, '"'] ? inner : text;
        return values.Count == 1 && StructuredItem.TryRead(text, out var key) && CommandContext.IsKey(key)
            ? (key, former == key || !CommandContext.IsKey(former) ? null : former, null)
            : (
                null,
                null,
                Refusal.Malformed(
                    "malformed_idempotency_key",
                    $"Idempotency-Key must be one string of 1 to {CommandContext.MaxKeyLength} printable ASCII characters, "
                        + "preferably in quotes (RFC 8941)."));
    }
}
