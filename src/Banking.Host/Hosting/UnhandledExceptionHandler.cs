using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.Web.Http;
using Microsoft.AspNetCore.Diagnostics;
using Npgsql;

namespace Banking.Host.Hosting;

/// <summary>Answers requests that ended in an exception. Answers reveal no internals; unexpected exceptions are logged.</summary>
internal sealed class UnhandledExceptionHandler(NpgsqlDataSource source, ILogger<UnhandledExceptionHandler> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        var isAborted = exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested;
        if (!isAborted)
        {
            await httpContext.WriteProblemAsync(
                DescribeBadRequest(httpContext, exception)
                ?? DescribeUnreadableEvent(httpContext, exception)
                ?? DescribeRebuild(httpContext, exception)
                ?? (Failures.IsTransient(exception) ? Failures.Unavailable(exception) : DescribeUnexpected(httpContext, exception)));
        }

        return true;
    }

    private static Refusal? DescribeBadRequest(HttpContext http, Exception exception) => exception switch
    {
        BadHttpRequestException { StatusCode: 413 } => StrictBody.TooLarge(FailedEndpoint(http)),
        BadHttpRequestException bad => Problems.Malformed("bad_request", "The request is not well-formed HTTP.", status: bad.StatusCode),
        _ => null,
    };

    private Refusal? DescribeUnreadableEvent(HttpContext http, Exception exception)
    {
        if (Failures.UnreadableEvent(exception) is not { } unreadable)
        {
            return null;
        }

        logger.LogError(unreadable, "{Method} {Path} needs an event that cannot be read", http.Request.Method, http.Request.Path);
        return Failures.Unreadable(unreadable);
    }

    private Refusal? DescribeRebuild(HttpContext http, Exception exception)
    {
        if (IsBeingBuilt(http, exception))
        {
            return Problems.Malformed(
                "read_model_building", "A newer version of the bank is building the data for this answer. Try again later.", status: 503);
        }

        if (exception is not PostgresException
            {
                SqlState: PostgresErrorCodes.FeatureNotSupported, MessageText: "cached plan must not change result type"
            })
        {
            return null;
        }

        // The tables of a new version have other columns than the prepared statements expect. Clearing the pool drops those statements.
        source.Clear();
        return Problems.Malformed(
            "read_model_building", "A newer version of the bank has just replaced the data for this answer. Try again.", status: 503);
    }

    private Refusal DescribeUnexpected(HttpContext http, Exception exception)
    {
        // The framework does not log an exception that a handler has taken.
        logger.LogError(
            exception, "{Method} {Path} failed; traceId {TraceId}", http.Request.Method, http.Request.Path, http.TraceId());
        return Problems.Malformed(
            "internal_error", "An unexpected error occurred. The log has the details under this traceId.", status: 500);
    }

    /// <summary>
    /// A host of a new version serves before its read models are built. Until then it reads from the tables of the previous version, which
    /// lack new columns and tables. On any other route a missing table is a fault.
    /// </summary>
    private static bool IsBeingBuilt(HttpContext http, Exception exception) =>
        exception is PostgresException { SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn }
        && FailedEndpoint(http)?.Metadata.GetMetadata<ReadsFromAttribute>() is not null;

    /// <summary>The exception handler runs with an emptied context. Only the feature still has the endpoint.</summary>
    private static Endpoint? FailedEndpoint(HttpContext http) => http.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
}
