using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.EventStore.Archive;
using Banking.EventStore.Storage;
using Banking.Web.Http;
using Microsoft.AspNetCore.Diagnostics;
using Npgsql;

namespace Banking.Host.Hosting;

/// <summary>Answers requests that ended in an exception. Answers reveal no internals; unexpected exceptions are logged.</summary>
internal sealed class UnhandledExceptionHandler(
    NpgsqlDataSource source, [FromKeyedServices(StackConnections.Key)] NpgsqlDataSource stack, ILogger<UnhandledExceptionHandler> logger)
    : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        switch (exception)
        {
            case OperationCanceledException when httpContext.RequestAborted.IsCancellationRequested:
                break;
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                await httpContext.WriteProblemAsync(StrictBody.TooLarge(FailedEndpoint(httpContext)));
                break;
            case BadHttpRequestException bad:
                await httpContext.WriteProblemAsync(
                    Refusal.Malformed("bad_request", "The request is not well-formed HTTP."), bad.StatusCode);
                break;
            default:
                await httpContext.WriteProblemAsync(Describe(httpContext, exception));
                break;
        }

        return true;
    }

    private Refusal Describe(HttpContext http, Exception exception) =>
        DescribeUnreadableEvent(http, exception)
        ?? DescribeRebuild(http, exception)
        ?? (Failures.IsTransient(exception) ? Failures.Unavailable(exception) : DescribeUnexpected(http, exception));

    private Refusal? DescribeUnreadableEvent(HttpContext http, Exception exception)
    {
        if (Failures.DamagedText(exception) is { } damaged)
        {
            logger.LogError(exception, "{Method} {Path} needs a sealed text that is damaged", http.Request.Method, http.Request.Path);
            return damaged;
        }

        if (Failures.UnreadableEvent(exception) is not { } unreadable)
        {
            return null;
        }

        if (unreadable.InnerException is ArchiveDeletedException)
        {
            return Failures.Unreadable(unreadable);
        }

        logger.LogError(unreadable, "{Method} {Path} needs an event that cannot be read", http.Request.Method, http.Request.Path);
        return Failures.Unreadable(unreadable);
    }

    private Refusal? DescribeRebuild(HttpContext http, Exception exception)
    {
        if (IsBeingBuilt(http, exception))
        {
            return Refusal.Unavailable(
                "read_model_building", "A newer version of the bank is building the data for this answer. Try again later.");
        }

        if (exception is not PostgresException
            {
                // The server translates its messages, but not the names of its routines.
                SqlState: PostgresErrorCodes.FeatureNotSupported, Routine: "RevalidateCachedQuery"
            })
        {
            return null;
        }

        // The tables of a new version have other columns than the prepared statements expect. Clearing the pools drops those statements.
        source.Clear();
        stack.Clear();
        return Refusal.Unavailable(
            "read_model_building", "A newer version of the bank has just replaced the data for this answer. Try again.");
    }

    private Refusal DescribeUnexpected(HttpContext http, Exception exception)
    {
        // The framework does not log an exception that a handler has taken.
        logger.LogError(
            exception, "{Method} {Path} failed; traceId {TraceId}", http.Request.Method, http.Request.Path, http.TraceId());
        return Refusal.Of(
            RefusalKind.Failed, "internal_error", "An unexpected error occurred. The log has the details under this traceId.");
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
