using System.ComponentModel.DataAnnotations;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.Operations.ReadModels;
using Banking.ReadModels.Books;
using Banking.ReadModels.Documents;
using Banking.ReadModels.Rebuilding;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Wolverine.Http;

namespace Banking.Operations.Features;

/// <summary>The reason of an operator's action on a read model.</summary>
/// <param name="ReasonCode">Lower-case letters, digits, - and _.</param>
/// <param name="Reason">The reason in words.</param>
public sealed record ProjectionRequest(
    [property: Required, StringLength(50, MinimumLength = 1), RegularExpression("^[a-z0-9_-]+$")] string ReasonCode = "",
    [property: Required, StringLength(500, MinimumLength = 1)] string Reason = "");

/// <summary>
/// A rebuild builds a candidate from the log, compares it with the active version, and switches. This endpoint requests it; any host runs
/// it in the background. The progress is a resource of its own.
/// </summary>
public static class RebuildProjectionEndpoint
{
    [WolverinePost("/ops/projections/{name}/rebuild", OperationId = "rebuildReadModel")]
    [Tags("Operations")]
    [EndpointSummary("Rebuild a read model while the active version serves")]
    [EndpointDescription("Rebuilds a read model from the log while the active version serves.")]
    [Authorize(Policies.Operate)]
    [Problems("projection_not_found", "rebuild_in_progress", "reason_required", "invalid_text")]
    [ProducesResponseType<GenerationView>(StatusCodes.Status202Accepted)]
    public static Task<IResult> Post(
        string name,
        ProjectionRequest request,
        ProjectionOperations operations,
        Rebuild rebuild,
        RebuildRunner runner,
        ProjectionStates projections,
        HttpContext http) =>
        operations.RunAsync(
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
                return await operations.ShowAsync(name, numbers[name], http, StatusCodes.Status202Accepted);
            },
            async (model, action) =>
            {
                if (!await projections.RequestRebuildAsync(model, action, http.RequestAborted))
                {
                    return InProgress(name);
                }

                http.Response.Headers.Location = $"/ops/projections/{name}/rebuild";
                return await operations.ShowAsync(name, null, http, StatusCodes.Status202Accepted);
            });

    private static ProblemResult InProgress(string name) =>
        new(Refusal.Conflict("rebuild_in_progress", "A rebuild of this read model is running, or waits for a decision.", ("name", name)));

    /// <summary>Rebuilds all read models with tables, in one pass over the log.</summary>
    [WolverinePost("/ops/projections/rebuild", OperationId = "rebuildAllReadModels")]
    [Tags("Operations")]
    [EndpointSummary("Rebuild all read models in one pass while the active versions serve")]
    [EndpointDescription("Rebuilds all read models in one pass of the log while the active versions serve.")]
    [Authorize(Policies.Operate)]
    [Problems("rebuild_in_progress", "reason_required", "invalid_text")]
    [ProducesResponseType<IReadOnlyList<GenerationView>>(StatusCodes.Status202Accepted)]
    public static Task<IResult> PostAll(
        ProjectionRequest request,
        IEnumerable<ReadModel> models,
        Rebuild rebuild,
        RebuildRunner runner,
        NpgsqlDataSource source,
        HttpContext http) => ProjectionOperations.RunAsync(request.ReasonCode, request.Reason, http, async action =>
        {
            if (await rebuild.RequestAsync([.. models], action, http.RequestAborted) is not { } numbers)
            {
                return new ProblemResult(
                    Refusal.Conflict("rebuild_in_progress", "A rebuild of one of the read models is running, or waits for a decision."));
            }

            runner.Wake();
            http.Response.Headers.Location = "/ops/projections";
            var made = (await Generation.AllAsync(source, http.RequestAborted)).Where(g =>
                numbers.TryGetValue(g.Model, out var number) && number == g.Number);
            return TypedResults.Json(made.Select(GenerationView.Of).ToList(), ApiJson.Options, statusCode: StatusCodes.Status202Accepted);
        });

    [WolverinePost("/ops/projections/{name}/rebuild/cancel", OperationId = "cancelRebuild")]
    [Tags("Operations")]
    [EndpointSummary("Cancel a rebuild; the active version stays")]
    [EndpointDescription("Cancels a rebuild. The active version stays.")]
    [Authorize(Policies.Operate)]
    [Problems("projection_not_found", "no_rebuild", "not_for_documents", "reason_required", "invalid_text")]
    [ProducesResponseType<GenerationView>(StatusCodes.Status200OK)]
    public static Task<IResult> Cancel(
        string name, ProjectionRequest request, ProjectionOperations operations, Rebuild rebuild, HttpContext http) =>
        operations.RunAsync(name, request.ReasonCode, request.Reason, http, async (model, action) =>
            await rebuild.CancelAsync(model, action, http.RequestAborted) ? await operations.ShowAsync(name, null, http) : NoRebuild(name));

    /// <summary>Activates a candidate that differs from the active version, by an operator's decision.</summary>
    [WolverinePost("/ops/projections/{name}/rebuild/switch", OperationId = "switchToRebuild")]
    [Tags("Operations")]
    [EndpointSummary("Activate a rebuild that differs from the active version")]
    [EndpointDescription("Activates a rebuild that differs from the active version and waits for this decision.")]
    [Authorize(Policies.Operate)]
    [Problems("projection_not_found", "no_rebuild", "not_for_documents", "reason_required", "invalid_text")]
    [ProducesResponseType<GenerationView>(StatusCodes.Status200OK)]
    public static Task<IResult> Switch(
        string name, ProjectionRequest request, ProjectionOperations operations, Rebuild rebuild, HttpContext http) =>
        operations.RunAsync(name, request.ReasonCode, request.Reason, http, async (model, action) =>
            await operations.GenerationAsync(name, null, http.RequestAborted) is { State: GenerationState.Differs }
            && await rebuild.SwitchAsync(model, action, http.RequestAborted)
                ? await operations.ShowAsync(name, null, http)
                : NoRebuild(name));

    private static ProblemResult NoRebuild(string name) =>
        new(Refusal.Conflict("no_rebuild", "This read model has no rebuild in a state that allows this action.", ("name", name)));
}
