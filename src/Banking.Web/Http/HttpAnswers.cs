using System.Diagnostics;
using System.Globalization;
using System.Net.Mime;
using System.Text;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.EventStore.Json;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

/// <summary>Writes answers with the same headers and problem documents for all endpoints.</summary>
public static class HttpAnswers
{
    public const string LedgerPosition = "Ledger-Position";
    public const string LedgerStale = "Ledger-Stale";
    public const string IdempotencyReplayed = "Idempotency-Replayed";

    public static string TraceId(this HttpContext http)
    {
        return Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier;
    }

    public static Task WriteProblemAsync(this HttpContext http, Refusal refusal)
    {
        return http.WriteProblemAsync(refusal, HttpStatus.Of(refusal.Kind));
    }

    /// <summary>Writes a problem whose status the framework has chosen.</summary>
    public static Task WriteProblemAsync(this HttpContext http, Refusal refusal, int status)
    {
        return http.WriteAsync(
            status, ProblemDocument.ContentType, ProblemDocument.Of(refusal, http.TraceId(), status), refusal.CanRetry);
    }

    public static Task WriteAsync(this HttpContext http, Outcome outcome)
    {
        var reply = CommandReply.Of(outcome);
        var headers = http.Response.Headers;
        if (reply.Version is { } version)
        {
            headers.ETag = ETag(version);
        }

        if (reply.Position is { } position)
        {
            headers[LedgerPosition] = position.ToString(CultureInfo.InvariantCulture);
        }

        if (reply.Replayed)
        {
            headers[IdempotencyReplayed] = "true";
        }

        if (reply.Location is { } location)
        {
            headers.Location = location;
        }

        var contentType = reply.IsProblem ? ProblemDocument.ContentType : MediaTypeNames.Application.Json;
        return http.WriteAsync(reply.Status, contentType, reply.Body, outcome.CanRetry);
    }

    public static string ETag(long version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    private static Task WriteAsync(this HttpContext http, int status, string contentType, string body, bool canRetry)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        if (canRetry && http.Response.Headers.RetryAfter.Count == 0)
        {
            http.Response.Headers.RetryAfter = "1";
        }

        // A terminal continues on a line of its own.
        var bytes = new byte[Encoding.UTF8.GetByteCount(body) + 1];
        Encoding.UTF8.GetBytes(body, bytes);
        bytes[^1] = (byte)'\n';
        http.Response.ContentLength = bytes.Length;
        return http.Response.Body.WriteAsync(bytes, http.RequestAborted).AsTask();
    }
}

/// <summary>A problem as the result of an endpoint.</summary>
public sealed class ProblemResult(Refusal refusal) : IResult
{
    public Refusal Refusal { get; } = refusal;

    public Task ExecuteAsync(HttpContext httpContext) => httpContext.WriteProblemAsync(Refusal);
}

/// <summary>The outcome of a command as the result of an endpoint.</summary>
public sealed class OutcomeResult(Outcome outcome) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext) => httpContext.WriteAsync(outcome);
}

/// <summary>A body with its version as ETag, or 304 if the caller already has that version.</summary>
public sealed class VersionedResult(object body, long version) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var etag = HttpAnswers.ETag(version);
        httpContext.Response.Headers.ETag = etag;
        if (httpContext.Request.Headers.IfNoneMatch.Any(m => m is not null && m.Split(',').Any(t => IsKnown(t.Trim(), etag))))
        {
            httpContext.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        return httpContext.Response.WriteAsJsonAsync(
            body, body.GetType(), ApiJson.Options, MediaTypeNames.Application.Json, httpContext.RequestAborted);
    }

    // RFC 9110, 13.1.2: weak comparison, because proxies that compress make a strong tag weak; * matches any version.
    private static bool IsKnown(string tag, string etag) =>
        tag == "*" || tag == etag || (tag.StartsWith("W/", StringComparison.Ordinal) && tag[2..] == etag);
}
