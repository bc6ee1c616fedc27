using Banking.Platform.Commands;
using Banking.Platform.Http;
using Microsoft.AspNetCore.Diagnostics;
using Npgsql;

namespace Banking.Host.Hosting;

/// <summary>Answers that the framework would leave empty say what is wrong, like all others.</summary>
internal static class ProblemPages
{
    public static Task WriteAsync(StatusCodeContext context)
    {
        var http = context.HttpContext;
        var status = http.Response.StatusCode;
        return http.WriteProblemAsync(status switch
        {
            401 => Problems.Malformed("unauthenticated", "Send Authorization: Bearer with a valid token.", status: status),
            403 => Problems.Malformed("forbidden", "This role may not do this.", status: status),
            404 => Problems.Malformed("no_such_route", "There is nothing at this address.", status: status),
            405 => Problems.Malformed("method_not_allowed", "This address does not know this method.", status: status),
            413 => StrictBody.TooLarge(http.GetEndpoint()),
            415 => Problems.Malformed("unsupported_media_type", "Send application/json.", status: status),
            _ => Problems.Malformed(status < 500 ? "bad_request" : "internal_error", "The request could not be answered.", status: status),
        });
    }
}

/// <summary>The last resort: logged, answered without a word about the inside.</summary>
internal sealed class UnexpectedFailures(NpgsqlDataSource source, ILogger<UnexpectedFailures> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is BadHttpRequestException bad)
        {
            await httpContext.WriteProblemAsync(bad.StatusCode == 413
                ? StrictBody.TooLarge(httpContext.Features.Get<IExceptionHandlerFeature>()?.Endpoint)
                : Problems.Malformed("bad_request", "The request is not well-formed HTTP.", status: bad.StatusCode));
            return true;
        }

        if (exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested)
        {
            return true;
        }

        if (Failures.UnreadableEvent(exception) is { } unreadable)
        {
            logger.LogError(
                unreadable, "{Method} {Path} needs an event that cannot be read", httpContext.Request.Method, httpContext.Request.Path);
            await httpContext.WriteProblemAsync(Failures.Unreadable(unreadable));
            return true;
        }

        if (IsBeingBuilt(httpContext, exception))
        {
            await httpContext.WriteProblemAsync(
                Problems.Malformed(
                    "read_model_building",
                    "What this is answered from is being built by a newer version of the bank. Ask again in a while.",
                    status: 503));
            return true;
        }

        if (
            exception is PostgresException
            {
                SqlState: PostgresErrorCodes.FeatureNotSupported,
                MessageText: "cached plan must not change result type"
            })
        {
            // The tables of a new version have other columns than those that a statement was prepared for. All connections start over.
            source.Clear();
            await httpContext.WriteProblemAsync(Problems.Malformed(
                "read_model_building", "What this is answered from was just replaced by a newer version. Ask again.", status: 503));
            return true;
        }

        if (Failures.IsPassing(exception))
        {
            await httpContext.WriteProblemAsync(Failures.Unavailable(exception));
            return true;
        }

        // The framework says nothing of an exception that a handler like this one has taken.
        logger.LogError(
            exception,
            "{Method} {Path} failed; traceId {TraceId}",
            httpContext.Request.Method,
            httpContext.Request.Path,
            httpContext.TraceId());
        await httpContext.WriteProblemAsync(
            Problems.Malformed("internal_error", "The bank failed to answer. The failure is logged under this traceId.", status: 500));
        return true;
    }

    /// <summary>
    /// A host of a new version serves before the tables that it reads from are there: until then its read models are those of the version
    /// before, which lack what is new. On any other route a table that is missing is a fault.
    /// </summary>
    private static bool IsBeingBuilt(HttpContext http, Exception exception) =>
        exception is PostgresException { SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn }
        // The handler runs on an emptied context; the endpoint that failed is told by the feature.
        && http.Features.Get<IExceptionHandlerFeature>()?.Endpoint?.Metadata.GetMetadata<ReadsFromAttribute>() is not null;
}
