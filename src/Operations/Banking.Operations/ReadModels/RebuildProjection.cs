using Banking.Platform;
using Banking.Platform.Commands;
using Banking.Platform.Http;
using Banking.Platform.Projections;
using Banking.Platform.ReadModels;
using Banking.Platform.Security;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Wolverine.Http;

namespace Banking.Operations.ReadModels;

/// <summary>Why an operator does something to a read model.</summary>
/// <param name="ReasonCode">Lower-case letters, digits, - and _.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record ProjectionRequest(string ReasonCode = "", string Reason = "");

/// <summary>
/// A rebuild makes the rows anew beside those that serve, compares, and switches. It is asked for here and done in the background, by any
/// host; its progress is a resource of its own.
/// </summary>
public static class RebuildProjectionEndpoint
{
    [WolverinePost("/ops/projections/{name}/rebuild")]
    [Tags("Operations")]
    [EndpointSummary("Rebuild a read model beside the one that serves")]
    [Authorize(Policies.Operate)]
    [ProducesResponseType<GenerationView>(StatusCodes.Status202Accepted)]
    public static Task<IResult> Post(
        string name,
        ProjectionRequest request,
        ProjectionDesk desk,
        Rebuild rebuild,
        RebuildRunner runner,
        ProjectionStates projections,
        HttpContext http) =>
        desk.RunAsync(
            name,
            request.ReasonCode,
            request.Reason,
            http,
            async (model, action) =>
            {
                if (await rebuild.RequestAsync([model], action, http.RequestAborted) is not { } numbers)
                {
                    return InProgress(name);
                }

                runner.Wake();
                http.Response.Headers.Location = $"/ops/projections/{name}/rebuild";
                return await desk.ShowAsync(name, numbers[name], http, StatusCodes.Status202Accepted);
            },
            async (model, action) =>
            {
                if (!await projections.RequestRebuildAsync(model, action, http.RequestAborted))
                {
                    return InProgress(name);
                }

                http.Response.Headers.Location = $"/ops/projections/{name}/rebuild";
                return await desk.ShowAsync(name, null, http, StatusCodes.Status202Accepted);
            });

    private static ProblemResult InProgress(string name) =>
        new(Refusal.Of("rebuild_in_progress", 409, "A rebuild of this read model is under way, or waits for a decision.", ("name", name)));

    /// <summary>All that have tables of the bank's own, in one pass over the log.</summary>
    [WolverinePost("/ops/projections/rebuild")]
    [Tags("Operations")]
    [EndpointSummary("Rebuild all read models in one pass, beside those that serve")]
    [Authorize(Policies.Operate)]
    [ProducesResponseType<IReadOnlyList<GenerationView>>(StatusCodes.Status202Accepted)]
    public static Task<IResult> PostAll(
        ProjectionRequest request,
        IEnumerable<ReadModel> models,
        Rebuild rebuild,
        RebuildRunner runner,
        NpgsqlDataSource source,
        HttpContext http) => ProjectionDesk.RunAsync(request.ReasonCode, request.Reason, http, async action =>
        {
            if (await rebuild.RequestAsync([.. models], action, http.RequestAborted) is not { } numbers)
            {
                return new ProblemResult(
                    Refusal.Of("rebuild_in_progress", 409, "A rebuild of one of the read models is under way, or waits for a decision."));
            }

            runner.Wake();
            http.Response.Headers.Location = "/ops/projections";
            var made = (await Generation.AllAsync(source, http.RequestAborted)).Where(g =>
                numbers.TryGetValue(g.Model, out var number) && number == g.Number);
            return TypedResults.Json(made.Select(GenerationView.Of).ToList(), ApiJson.Options, statusCode: StatusCodes.Status202Accepted);
        });

    [WolverinePost("/ops/projections/{name}/rebuild/cancel")]
    [Tags("Operations")]
    [EndpointSummary("Give up a rebuild; what serves stays as it is")]
    [Authorize(Policies.Operate)]
    [ProducesResponseType<GenerationView>(StatusCodes.Status200OK)]
    public static Task<IResult> Cancel(
        string name, ProjectionRequest request, ProjectionDesk desk, Rebuild rebuild, HttpContext http) =>
        desk.RunAsync(name, request.ReasonCode, request.Reason, http, async (model, action) =>
            await rebuild.CancelAsync(model, action, http.RequestAborted) ? await desk.ShowAsync(name, null, http) : NothingComing(name));

    /// <summary>For a rebuild that differs from what serves: somebody has looked, and takes it.</summary>
    [WolverinePost("/ops/projections/{name}/rebuild/switch")]
    [Tags("Operations")]
    [EndpointSummary("Let a rebuild serve although it differs from what served")]
    [Authorize(Policies.Operate)]
    [ProducesResponseType<GenerationView>(StatusCodes.Status200OK)]
    public static Task<IResult> Switch(
        string name, ProjectionRequest request, ProjectionDesk desk, Rebuild rebuild, HttpContext http) =>
        desk.RunAsync(name, request.ReasonCode, request.Reason, http, async (model, action) =>
            await desk.GenerationAsync(name, null, http.RequestAborted) is { State: GenerationState.Differs }
            && await rebuild.SwitchAsync(model, action, http.RequestAborted)
                ? await desk.ShowAsync(name, null, http)
                : NothingComing(name));

    private static ProblemResult NothingComing(string name) =>
        new(Refusal.Of("no_rebuild", 409, "No rebuild of this read model is under way that this could be done to.", ("name", name)));
}
