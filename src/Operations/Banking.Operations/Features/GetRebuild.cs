using System.Net.Mime;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.Operations.ReadModels;
using Banking.ReadModels.Books;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Operations.Features;

public static class GetRebuildEndpoint
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// The newest rebuild. With Accept: text/event-stream, events "progress" until the rebuild ends, then one event "finished".
    /// </summary>
    [WolverineGet("/ops/projections/{name}/rebuild", OperationId = "getRebuild")]
    [Serves(MediaTypeNames.Application.Json, ServesAttribute.EventStream)]
    [Tags("Operations")]
    [EndpointSummary("Get the progress of a rebuild, once or as server-sent events")]
    [EndpointDescription("Gets the progress of a rebuild, once as JSON or continuously as server-sent events.")]
    [Authorize(Policies.Watch)]
    [Problems("projection_not_found", "no_rebuild")]
    [ProducesResponseType<GenerationView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        string name, ProjectionOperations operations, DifferenceViews differences, TimeProvider clock, HttpContext http)
    {
        if (!operations.Exists(name))
        {
            return new ProblemResult(ProjectionOperations.NotFound(name));
        }

        // Documents have one generation, which is rebuilt in place.
        if (await operations.GenerationAsync(name, null, http.RequestAborted) is not { } newest
            || newest is { HasTables: true, Number: 1 } or { HasTables: false, StartedAt: null, State: GenerationState.Active })
        {
            return new ProblemResult(Refusal.NotFound("no_rebuild", "This read model was never rebuilt.", ("name", name)));
        }

        return AnswerForm.IsEventStream(http)
            ? EventStream.Of(http, ct => FollowAsync(operations, differences, name, newest.Number, clock, ct))
            : TypedResults.Json(await differences.OfAsync(newest, http.RequestAborted), ApiJson.Options);
    }

    private static async IAsyncEnumerable<SseItem<string>> FollowAsync(
        ProjectionOperations operations, DifferenceViews differences, string name, int number, TimeProvider clock,
        [EnumeratorCancellation] CancellationToken ct)
    {
        while (true)
        {
            var now = (await operations.GenerationAsync(name, number, ct))!;
            var data = JsonSerializer.Serialize(await differences.OfAsync(now, ct), ApiJson.Options);
            if (now.State != GenerationState.Building || now.PausedAt is not null)
            {
                yield return new(data, "finished");
                yield break;
            }

            yield return new(data, "progress");
            await Task.Delay(Pause, clock, ct);
        }
    }
}
