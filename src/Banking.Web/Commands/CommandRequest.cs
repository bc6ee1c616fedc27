using Banking.Commands.Decisions;
using Banking.EventStore.Appending;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Banking.Web.Commands;

/// <summary>What the headers of a command say, once they are understood.</summary>
public static class CommandRequest
{
    /// <summary>
    /// The context of a command, or what is wrong with its headers. Both where the key is known and only what goes beside it is wrong: what
    /// the key was answered before is answered still.
    /// </summary>
    /// <param name="keyRequired">True for everything that moves money.</param>
    public static (CommandContext? Context, Refusal? Problem) Read(
        HttpContext http, TimeProvider clock, bool keyRequired)
    {
        ArgumentNullException.ThrowIfNull(http);
        var (key, former, problem) = Key(http.Request);
        if (problem is null && key is null && keyRequired)
        {
            problem = Problems.Malformed(
                "idempotency_key_missing", "Send an Idempotency-Key header of your own choice, the same again when you repeat.");
        }

        long? ifVersion = null;
        var isFit = http.Request.Headers.IfMatch.Count == 0 || TryETag(http.Request.Headers.IfMatch.ToString(), out ifVersion);
        var unfit = Correlation(http, out var correlation)
            ?? (
                isFit ? null : Problems.Malformed("malformed_if_match", "If-Match is a strong ETag as this bank gives it, such as \"42\".")
            );
        return problem is not null
            ? (null, problem)
            : (Context(http, key ?? $"auto-{Ids.Next(clock):N}", correlation, ifVersion) with { FormerKey = former }, unfit);
    }

    private static CommandContext Context(HttpContext http, string key, string correlation, long? ifVersion)
    {
        var content = StrictBody.Content(http);
        return new(http.Caller(), Operation(http), key, content.Fingerprint(), correlation, CausationId: null, IfVersion: ifVersion)
        {
            Content = content,
        };
    }

    /// <summary>What the commands of a batch have in common; each has its own key and content.</summary>
    public static (CommandContext? Context, Refusal? Problem) ReadBatch(HttpContext http, string operation)
    {
        ArgumentNullException.ThrowIfNull(http);
        return Correlation(http, out var correlation) is { } problem
            ? (null, problem)
            : (new CommandContext(http.Caller(), operation, "", "", correlation, CausationId: null), null);
    }

    /// <summary>
    /// The correlation id of the caller, or of the request where the caller sent none or a wrong one; and what is wrong with it.
    /// </summary>
    internal static Refusal? Correlation(HttpContext http, out string correlation)
    {
        correlation = http.Request.Headers["X-Correlation-ID"].ToString();
        if (correlation.Length == 0)
        {
            correlation = http.TraceId();
            return null;
        }

        if (PlainText.Problem(correlation, 100) is not { } why)
        {
            return null;
        }

        correlation = http.TraceId();
        return Problems.Malformed("malformed_correlation_id", "X-Correlation-ID: " + why);
    }

    /// <summary>
    /// A strong ETag is a stream version in quotes; "*" demands nothing but existence, which every command demands anyway.
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
    /// The route with its values, not the address: letter case or a slash at its end must not make the same key another one.
    /// </summary>
    internal static string Operation(HttpContext http)
    {
        var route = ((RouteEndpoint)http.GetEndpoint()!).RoutePattern.RawText!;
        foreach (var (name, value) in http.Request.RouteValues)
        {
            route = route.Replace($"{{{name}}}", value?.ToString(), StringComparison.Ordinal);
        }

        return $"{http.Request.Method} {route}";
    }

    /// <summary>The key, and how earlier versions of this bank read the same header.</summary>
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
                Problems.Malformed(
                    "malformed_idempotency_key",
                    $"An Idempotency-Key is one string of 1 to {CommandContext.LongestKey} printable ASCII characters, best in quotes (RFC 8941)."
                ));
    }
}
