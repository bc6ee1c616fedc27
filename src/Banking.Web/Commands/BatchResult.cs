using System.Globalization;
using System.Net.Mime;
using System.Text.Json;
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
    private static readonly Refusal NotDone = Problems.Malformed(
        "batch_not_done", "The batch was not processed; results contains the reasons.", status: StatusCodes.Status422UnprocessableEntity);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        var accepted = outcomes.Count(o => o.Applied);
        var failure = mode == BatchMode.Atomic ? outcomes.FirstOrDefault(o => o.IsProblem) : null;

        // A command that could not be decided, or whose outcome is unknown, determines the answer: the whole batch must be repeated.
        var undecided = failure is null
            ? null
            : outcomes.FirstOrDefault(o => o.Status >= 500 || HttpAnswers.IsRetryable(o.Status, o.Body));
        var status = failure is null ? StatusCodes.Status200OK : undecided?.Status ?? StatusCodes.Status422UnprocessableEntity;
        var response = httpContext.Response;
        response.StatusCode = status;
        response.ContentType = failure is null ? MediaTypeNames.Application.Json : Problems.ContentType;
        if (outcomes.Max(o => o.Position) is { } position)
        {
            response.Headers[HttpAnswers.LedgerPosition] = position.ToString(CultureInfo.InvariantCulture);
        }

        if (outcomes.Any(o => HttpAnswers.IsRetryable(o.Status, o.Body)))
        {
            response.Headers.RetryAfter = "1";
        }

        await using var json = new Utf8JsonWriter(response.BodyWriter, new() { Encoder = ApiJson.Options.Encoder, SkipValidation = true });
        json.WriteStartObject();
        if (failure is not null)
        {
            WriteMembers(json, undecided?.Body ?? Problems.Document(NotDone, httpContext.TraceId()));
        }

        json.WriteString("mode", WireNames.Of(mode.ToString()));
        json.WriteNumber("accepted", accepted);
        json.WriteNumber("refused", outcomes.Count(o => !o.Applied && !o.InDoubt));
        json.WriteStartArray("results");
        for (var i = 0; i < outcomes.Count; i++)
        {
            Write(json, contexts[i].IdempotencyKey, outcomes[i]);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteMembers(Utf8JsonWriter json, string document)
    {
        using var problem = JsonDocument.Parse(document);
        foreach (var member in problem.RootElement.EnumerateObject())
        {
            member.WriteTo(json);
        }
    }

    private static void Write(Utf8JsonWriter json, string key, Outcome outcome)
    {
        json.WriteStartObject();
        json.WriteString("idempotencyKey", key);
        json.WriteNumber("status", outcome.Status);
        if (outcome.InDoubt)
        {
            json.WriteNull("applied");
        }
        else
        {
            json.WriteBoolean("applied", outcome.Applied);
        }

        json.WriteBoolean("replayed", outcome.Replayed);
        if (outcome.Version is { } version)
        {
            json.WriteNumber("version", version);
        }

        if (outcome.Position is { } position)
        {
            json.WriteNumber("position", position);
        }

        if (outcome.Location is { } location)
        {
            json.WriteString("location", location);
        }

        json.WritePropertyName("body");
        json.WriteRawValue(outcome.Body, skipInputValidation: true);
        json.WriteEndObject();
    }
}
