using System.Net.Mime;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Banking.Platform;
using Banking.Platform.Commands;
using Banking.Platform.Http;
using Banking.Platform.ReadModels;
using Banking.Platform.Security;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Operations.ReadModels;

public static class GetRebuildEndpoint
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// The newest rebuild. With Accept: text/event-stream as events "progress" until it has come to its end, then "finished".
    /// </summary>
    [WolverineGet("/ops/projections/{name}/rebuild")]
    [Serves(MediaTypeNames.Application.Json, ServesAttribute.EventStream)]
    [Tags("Operations")]
    [EndpointSummary("Get how far a rebuild is, once or as server-sent events")]
    [Authorize(Policies.Watch)]
    [ProducesResponseType<GenerationView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(string name, ProjectionDesk desk, TimeProvider clock, HttpContext http)
    {
        if (!desk.Knows(name))
        {
            return new ProblemResult(ProjectionDesk.NotFound(name));
        }

        // A projection has one generation, which is rebuilt in place.
        if (await desk.GenerationAsync(name, null, http.RequestAborted) is not { } newest
            || newest is { HasTables: true, Number: 1 } or { HasTables: false, StartedAt: null, State: GenerationState.Serving })
        {
            return new ProblemResult(Refusal.Of("no_rebuild", 404, "This read model was never rebuilt.", ("name", name)));
        }

        return AnswerForm.IsEventStream(http)
            ? EventStream.Of(http, () => FollowAsync(desk, name, newest.Number, clock, http.RequestAborted))
            : TypedResults.Json(GenerationView.Of(newest), ApiJson.Options);
    }

    private static async IAsyncEnumerable<SseItem<string>> FollowAsync(
        ProjectionDesk desk, string name, int number, TimeProvider clock, [EnumeratorCancellation] CancellationToken ct)
    {
        while (true)
        {
            var now = (await desk.GenerationAsync(name, number, ct))!;
            var data = JsonSerializer.Serialize(GenerationView.Of(now), ApiJson.Options);
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
