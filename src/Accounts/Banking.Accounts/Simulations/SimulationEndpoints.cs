using System.Globalization;
using System.Net.Mime;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Banking.Accounts.Simulations.Running;
using Banking.Accounts.Simulations.Views;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.SharedKernel;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.Simulations;

public static class StartSimulationEndpoint
{
    [WolverinePost("/v1/simulations", OperationId = "startSimulation")]
    [Creates("a simulation")]
    [ChangesNothing]
    [Tags("Simulations")]
    [EndpointSummary("Ask what would have happened otherwise")]
    [EndpointDescription("Replays the history of accounts with a hypothesis, in the background. Nothing of the bank changes.")]
    [Authorize(Policies.Simulate)]
    [RequestSizeLimit(Batches.LargestBytes)]
    [Problems(
        "simulation_scope", "simulation_without_accounts", "simulation_change_unfit", "simulated_event_not_found", "simulation_too_large",
        "too_many_simulations", "account_not_found", "customer_not_found", "unknown_currency", "invalid_amount", "amount_not_positive",
        "invalid_time")]
    [ProducesResponseType<SimulationView>(StatusCodes.Status202Accepted)]
    public static async Task<IResult> Post(SimulationRequest request, SimulationRuns runs, HttpContext http)
    {
        var (view, problem) = await runs.StartAsync(request, http.RequestAborted);
        if (view is null)
        {
            if (problem!.Kind == RefusalKind.Unavailable)
            {
                http.Response.Headers.RetryAfter = SimulationRuns.RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
            }

            return new ProblemResult(problem);
        }

        http.Response.Headers.Location = $"/v1/simulations/{view.Id}";
        return TypedResults.Json(view, ApiJson.Options, statusCode: StatusCodes.Status202Accepted);
    }
}

public static class GetSimulationEndpoint
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// The simulation. With Accept: text/event-stream, events "progress" while it runs, then one event "finished".
    /// </summary>
    [WolverineGet("/v1/simulations/{simulation}", OperationId = "getSimulation")]
    [Serves(MediaTypeNames.Application.Json, ServesAttribute.EventStream)]
    [HasNoPosition]
    [Tags("Simulations")]
    [EndpointSummary("Get a simulation: its progress, once or as server-sent events, and its answer")]
    [EndpointDescription("Gets a simulation with its progress and, once it is finished, its answer. It is kept for an hour.")]
    [Authorize(Policies.Simulate)]
    [Problems("simulation_not_found")]
    [ProducesResponseType<SimulationView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(string simulation, SimulationRuns runs, HttpContext http) =>
        await runs.FindAsync(simulation, http.RequestAborted) is not { } found ? NotFound(simulation)
        : AnswerForm.IsEventStream(http) ? EventStream.Of(http, ct => FollowAsync(simulation, runs, ct))
        : TypedResults.Json(found, ApiJson.Options);

    internal static ProblemResult NotFound(string simulation) => new(Refusal.NotFound(
        "simulation_not_found", "There is no such simulation. It was cancelled, or its hour is over.",
        ("id", PlainText.Problem(simulation, 100) is null ? simulation : "?")));

    private static async IAsyncEnumerable<SseItem<string>> FollowAsync(
        string simulation, SimulationRuns runs, [EnumeratorCancellation] CancellationToken ct)
    {
        while (await runs.FindAsync(simulation, ct) is { } now)
        {
            var data = JsonSerializer.Serialize(now, ApiJson.Options);
            if (now.State != SimulationState.Running)
            {
                yield return new(data, "finished");
                yield break;
            }

            yield return new(data, "progress");
            // The system's clock: a test or demo may stop the bank's.
            await Task.Delay(Pause, ct);
        }

        yield return new("{}", "cancelled");
    }
}

public static class CancelSimulationEndpoint
{
    [WolverineDelete("/v1/simulations/{simulation}", OperationId = "cancelSimulation")]
    [ChangesNothing]
    [Tags("Simulations")]
    [EndpointSummary("Cancel a simulation and remove its answer")]
    [EndpointDescription("Cancels a simulation that runs, and removes it.")]
    [Authorize(Policies.Simulate)]
    [Problems("simulation_not_found")]
    [ProducesResponseType<SimulationView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Delete(string simulation, SimulationRuns runs, HttpContext http) =>
        await runs.FindAsync(simulation, http.RequestAborted) is { } found && await runs.CancelAsync(simulation, http.RequestAborted)
            ? TypedResults.Json(
                found.State == SimulationState.Running ? found with { State = SimulationState.Cancelled } : found, ApiJson.Options)
            : GetSimulationEndpoint.NotFound(simulation);
}
