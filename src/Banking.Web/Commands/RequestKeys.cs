using System.Security.Cryptography;
using System.Text;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Logging;

namespace Banking.Web.Commands;

/// <summary>
/// The Idempotency-Key of requests whose answers are no receipts. A request of an operator is done once under a key: a repeat gets the kept
/// answer. A batch as a whole has only its content bound to the key, because each of its commands has a key of its own and is repeated by
/// that. An answer of 400 to 499 is not kept: the key is free again, as it is for a command that was not decided. After a failure it stays
/// claimed, because what was asked for may have been done.
/// </summary>
public sealed class RequestKeys(RequestKeyStore store, InFlightKeys inFlight, ILogger<RequestKeys> logger)
{
    private static readonly string[] KeptHeaders = ["Content-Type", "Location", "ETag", HttpAnswers.LedgerPosition];

    /// <summary>Whether the key of a request to this endpoint is honoured here, and not by the endpoint itself.</summary>
    private static bool Applies(HttpContext http) =>
        http.GetEndpoint() is { } endpoint && (IsBatch(endpoint) || OperatorRequest.Is(http.Request));

    public async Task Middleware(HttpContext http, RequestDelegate next)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(next);
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
        var fingerprint = Fingerprint(http);
        // A caller who hangs up does not stop the request: its repeat finds the answer.
        http.RequestAborted = CancellationToken.None;
        var known = await store.ClaimAsync(id, fingerprint, CancellationToken.None);
        if (known is not null && known.Fingerprint != fingerprint)
        {
            await http.WriteProblemAsync(Problems.KeyReused);
            return false;
        }

        if (known is not null && !IsBatch(http.GetEndpoint()!))
        {
            return known.Answer is { } answer ? await ReplayAsync(http, answer) : await InProgressAsync(http);
        }

        var made = await AnswerAsync(http, next);
        var isDone = http.Response.StatusCode < StatusCodes.Status400BadRequest;
        if (isDone && made is not null)
        {
            await store.KeepAsync(id, made);
        }
        else if (
            known is null
            && http.Response.StatusCode is >= StatusCodes.Status400BadRequest and < StatusCodes.Status500InternalServerError)
        {
            await ReleaseAsync(id);
        }

        // Written last: where the answer cannot be kept, there is one problem, and not an answer with a problem behind it.
        await (made is not null ? http.Response.WriteAsync(made.Body) : Task.CompletedTask);
        return isDone;
    }

    /// <summary>The answer stands whether or not the key can be released: a batch may be written already.</summary>
    private async Task ReleaseAsync(Guid id)
    {
        try
        {
            await store.ReleaseAsync(id);
        }
        catch (Exception failure) when (Failures.IsTransient(failure))
        {
            logger.LogWarning(
                "The key of a request that was not done could not be released, and stays bound to its content: {Reason}", failure.Message);
        }
    }

    /// <summary>Runs the endpoint. Its answer, to be written; null for a batch, which has written its own.</summary>
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
            Problems.Malformed(
                "request_in_progress",
                "A request with this key was begun, and no answer to it is kept: it is still running, or its host ended. Repeat it in a moment; where this answer "
                    + "stays, look what became of the request before it is sent under another key.",
                status: StatusCodes.Status409Conflict));
        return false;
    }

    /// <summary>Hash of all that is asked: the body, where the endpoint reads one, and the query.</summary>
    private static string Fingerprint(HttpContext http)
    {
        var body = http.GetEndpoint()!.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType is null
            ? ""
            : StrictBody.Content(http).Fingerprint();
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{body}{http.Request.QueryString.Value}")));
    }

    private static bool IsBatch(Endpoint endpoint) => endpoint.Metadata.GetMetadata<BatchAttribute>() is not null;
}
