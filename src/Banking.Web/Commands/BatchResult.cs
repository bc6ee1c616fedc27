using System.Globalization;
using System.Net.Mime;
using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.EventStore.Json;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Commands;

/// <summary>
/// The HTTP answer to a batch: a <see cref="BatchView"/> if the batch was processed, a problem with the same results if an atomic batch was
/// not.
/// </summary>
public sealed class BatchResult(BatchMode mode, IReadOnlyList<CommandContext> contexts, IReadOnlyList<Outcome> outcomes) : IResult
{
    private static readonly Refusal NotDone = Refusal.RuleBroken(
        "batch_not_done", "The batch was not processed; results contains the reasons.");

    private readonly IReadOnlyList<CommandReply> _replies = [.. outcomes.Select(CommandReply.Of)];

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var problem = mode == BatchMode.Atomic && _replies.Any(r => r.IsProblem) ? Problem(httpContext) : null;
        var response = httpContext.Response;
        response.StatusCode = problem is { } wrong ? HttpStatus.Of(wrong.Refusal.Kind) : StatusCodes.Status200OK;
        response.ContentType = problem is null ? MediaTypeNames.Application.Json : ProblemDocument.ContentType;
        if (_replies.Max(r => r.Position) is { } position)
        {
            response.Headers[HttpAnswers.LedgerPosition] = position.ToString(CultureInfo.InvariantCulture);
        }

        if (outcomes.Any(o => o.CanRetry))
        {
            response.Headers.RetryAfter = "1";
        }

        await using var json = new Utf8JsonWriter(response.BodyWriter, new() { Encoder = ApiJson.Options.Encoder, SkipValidation = true });
        json.WriteStartObject();
        if (problem is not null)
        {
            WriteMembers(json, ProblemDocument.Members(problem.Refusal, problem.CorrelationId));
        }

        json.WriteString("mode", WireNames.Of(mode.ToString()));
        json.WriteNumber("accepted", _replies.Count(r => r.Applied));
        json.WriteNumber("refused", _replies.Count(r => !r.Applied && !r.InDoubt));
        json.WriteStartArray("results");
        for (var i = 0; i < _replies.Count; i++)
        {
            Write(json, contexts[i].IdempotencyKey, _replies[i]);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>
    /// The problem of an atomic batch. A command that could not be decided, or whose outcome is unknown, determines it: the whole batch
    /// must be repeated.
    /// </summary>
    private Outcome.NotRecorded Problem(HttpContext http) =>
        outcomes.OfType<Outcome.NotRecorded>().FirstOrDefault(o => o.Refusal.IsFailure || o.Refusal.CanRetry)
        ?? new(NotDone, http.TraceId());

    private static void WriteMembers(Utf8JsonWriter json, JsonObject members)
    {
        foreach (var (name, value) in members)
        {
            json.WritePropertyName(name);
            if (value is null)
            {
                json.WriteNullValue();
            }
            else
            {
                value.WriteTo(json, ApiJson.Options);
            }
        }
    }

    private static void Write(Utf8JsonWriter json, string key, CommandReply reply)
    {
        json.WriteStartObject();
        json.WriteString("idempotencyKey", key);
        json.WriteNumber("status", reply.Status);
        if (reply.InDoubt)
        {
            json.WriteNull("applied");
        }
        else
        {
            json.WriteBoolean("applied", reply.Applied);
        }

        json.WriteBoolean("replayed", reply.Replayed);
        if (reply.Version is { } version)
        {
            json.WriteNumber("version", version);
        }

        if (reply.Position is { } position)
        {
            json.WriteNumber("position", position);
        }

        if (reply.Location is { } location)
        {
            json.WriteString("location", location);
        }

        json.WritePropertyName("body");
        json.WriteRawValue(reply.Body, skipInputValidation: true);
        json.WriteEndObject();
    }
}
