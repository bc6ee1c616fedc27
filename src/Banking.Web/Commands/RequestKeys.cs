using System.Security.Cryptography;
using System.Text;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Logging;

namespace Banking.Web.Commands;

/// <summary>
/// Idempotency keys of requests whose answers are not receipts: of operators, and for single deliveries. Such a request is executed once
/// per key, and a repeat gets the stored answer. For a batch the key is only bound to the content, because each of its
/// commands has its own key. A refusal frees the key. After a failure the key of an operator's request stays claimed, because the request
/// may have been executed; other keys are free again.
/// </summary>
public sealed class RequestKeys(RequestKeyStore store, InFlightKeys inFlight, ILogger<RequestKeys> logger)
{
    private static readonly string[] KeptHeaders = ["Content-Type", "Location", "ETag", HttpAnswers.LedgerPosition];

    /// <summary>Whether the key of this request is handled here and not by the endpoint: it is a change but no command.</summary>
    private static bool Applies(HttpContext http) =>
        !HttpMethods.IsGet(http.Request.Method)
        && http.GetEndpoint()?.Metadata is { } metadata
        && metadata.GetMetadata<RunsCommandAttribute>() is null
        && metadata.GetMetadata<ChangesNothingAttribute>() is null
        && metadata.GetMetadata<IAuthorizeData>() is not null
        && metadata.GetMetadata<IAllowAnonymous>() is null;

    public async Task Middleware(HttpContext http, RequestDelegate next)
    {
        if (!Applies(http))
        {
            await next(http);
            return;
        }

        var (key, _, problem) = CommandRequest.Key(http.Request);
        if (problem is not null)
        {
            await http.WriteProblemAsync(problem);
        }
        else if (key is null)
        {
            await next(http);
        }
        else
        {
            var caller = http.Caller();
            var id = CommandContext.Scope(caller.CustomerId, caller.Actor, CommandRequest.Operation(http), key);
            await (inFlight.Run(id, async () => await RunAsync(http, id, next)) ?? InProgressAsync(http));
        }
    }

    private async Task<bool> RunAsync(HttpContext http, Guid id, RequestDelegate next)
    {
        var (fingerprint, asSent) = Fingerprints(http);
        // A caller that disconnects does not stop the request: its repeat finds the answer.
        http.RequestAborted = CancellationToken.None;
        var former = await store.ClaimAsync(id, fingerprint, CancellationToken.None);
        if (former is not null && former.Fingerprint != fingerprint && former.Fingerprint != asSent)
        {
            await http.WriteProblemAsync(Receipt.KeyReused);
            return false;
        }

        if (former is not null && !IsBatch(http.GetEndpoint()!))
        {
            return former.Answer is { } stored ? await ReplayAsync(http, stored) : await InProgressAsync(http);
        }

        KeptAnswer? answer;
        try
        {
            answer = await AnswerAsync(http, next);
        }
        catch when (former is null && !IsBatch(http.GetEndpoint()!) && !OperatorRequest.Is(http.Request))
        {
            // One more delivery of an event may be done again.
            await TryAsync(
                store.ReleaseAsync(id), "Cannot release the key of a request that failed; a repeat with its key gets request_in_progress");
            throw;
        }

        var isDone = http.Response.StatusCode < StatusCodes.Status400BadRequest;
        if (isDone && answer is not null)
        {
            await TryAsync(
                store.KeepAsync(id, answer),
                "Cannot store the answer of a request that was executed; a repeat with its key gets request_in_progress");
        }
        else if (former is null && IsRefused(http.Response.StatusCode, isBatch: answer is null))
        {
            await TryAsync(
                store.ReleaseAsync(id),
                "Cannot release the key of a request that was not executed; it stays bound to the request's content");
        }

        await (answer is not null ? http.Response.WriteAsync(answer.Body) : Task.CompletedTask);
        return isDone;
    }

    /// <summary>
    /// Whether nothing was done. An endpoint answers 503 before it does anything; a failure on the way is an exception, which does not get
    /// here. A batch stays bound to its content.
    /// </summary>
    private static bool IsRefused(int status, bool isBatch) =>
        status is >= StatusCodes.Status400BadRequest and < StatusCodes.Status500InternalServerError
        || (status == StatusCodes.Status503ServiceUnavailable && !isBatch);

    /// <summary>
    /// Changes the stored key of a request that has its outcome. A failure is only logged: the caller must learn the outcome, and a batch
    /// may have been answered already.
    /// </summary>
    /// <param name="consequence">What a failure means for a repeat of the request.</param>
    private async Task TryAsync(Task change, string consequence)
    {
        try
        {
            await change;
        }
        catch (Exception failure)
        {
            // A lasting failure needs an operator, but it does not undo the request either.
            var isTransient = Failures.IsTransient(failure);
            logger.Log(
                isTransient ? LogLevel.Warning : LogLevel.Error, isTransient ? null : failure, "{Consequence}: {Reason}", consequence,
                failure.Message);
        }
    }

    /// <summary>Runs the endpoint and returns its answer, which is not yet written; null for a batch, which writes its own.</summary>
    private static async Task<KeptAnswer?> AnswerAsync(HttpContext http, RequestDelegate next)
    {
        if (IsBatch(http.GetEndpoint()!))
        {
            await next(http);
            return null;
        }

        var body = http.Response.Body;
        using var buffer = new MemoryStream();
        http.Response.Body = buffer;
        try
        {
            await next(http);
        }
        finally
        {
            http.Response.Body = body;
        }

        return new(
            http.Response.StatusCode,
            KeptHeaders.Where(http.Response.Headers.ContainsKey).ToDictionary(h => h, h => http.Response.Headers[h].ToString()),
            Encoding.UTF8.GetString(buffer.ToArray()));
    }

    private static async Task<bool> ReplayAsync(HttpContext http, KeptAnswer answer)
    {
        http.Response.StatusCode = answer.Status;
        foreach (var (name, value) in answer.Headers)
        {
            http.Response.Headers[name] = value;
        }

        http.Response.Headers[HttpAnswers.IdempotencyReplayed] = "true";
        await http.Response.WriteAsync(answer.Body);
        return true;
    }

    private static async Task<bool> InProgressAsync(HttpContext http)
    {
        await http.WriteProblemAsync(
            Refusal.Of(
                RefusalKind.InProgress, "request_in_progress",
                "A request with this key was started, and its answer is not stored: it is still running, or its host ended. Repeat it "
                    + "in a moment. If this answer persists, check whether the request was executed before you use another key."));
        return false;
    }

    /// <summary>
    /// Hashes of the request: its body, if the endpoint reads one, and its query. The order and the escapes of a query have no meaning.
    /// The second hash has the query as it was sent, because earlier versions of this bank stored that.
    /// </summary>
    private static (string Fingerprint, string AsSent) Fingerprints(HttpContext http)
    {
        var body = http.GetEndpoint()!.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType is null
            ? ""
            : StrictBody.Content(http).Fingerprint();
        var query = http.Request.Query.OrderBy(p => p.Key, StringComparer.Ordinal)
            .Select(p => $"{Uri.EscapeDataString(p.Key)}={Uri.EscapeDataString(p.Value.ToString())}");
        var text = string.Join('&', query);
        return (Hash(text.Length == 0 ? body : $"{body}?{text}"), Hash(body + http.Request.QueryString.Value));
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static bool IsBatch(Endpoint endpoint) => endpoint.Metadata.GetMetadata<BatchAttribute>() is not null;
}
