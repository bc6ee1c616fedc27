using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.Operations.ReadModels;
using Banking.ReadModels.Verifying;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Operations.Features;

/// <summary>The result of a repair.</summary>
/// <param name="Repaired">The differences that were repaired; empty if there were none.</param>
/// <param name="Remaining">
/// The differences that remain, with the reason; left out if they are not known, because the repair is not complete or the comparison after
/// it failed.
/// </param>
/// <param name="Failed">The parts whose repair failed, with the reason.</param>
/// <param name="IsComplete">False if the repair stopped before some parts: repeat it.</param>
public sealed record RepairView(
    string Name, IReadOnlyList<LogDifferenceView> Repaired, IReadOnlyList<LogDifferenceView>? Remaining,
    IReadOnlyList<LogDifferenceView> Failed, bool IsComplete);

public static class RepairProjectionEndpoint
{
    /// <summary>
    /// Compares a read model with the log, replaces what differs, and then answers. The name is that of a read model, or of a kind of
    /// stored state that the sentinel or verify reported: customer, webhook, subscription.
    /// </summary>
    [WolverinePost("/ops/projections/{name}/repair", OperationId = "repairReadModel")]
    [Tags("Operations")]
    [EndpointSummary("Repair differences from the log in a read model and in stored states")]
    [EndpointDescription("Repairs the differences from the log in a read model and in stored states.")]
    [Authorize(Policies.Operate)]
    [Problems("projection_not_found", "repair_not_possible_now", "not_for_documents", "reason_required", "invalid_text")]
    [ProducesResponseType<RepairView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Post(
        string name, ProjectionRequest request, Repair repair, DifferenceViews differences, HttpContext http) =>
        !repair.Knows(name)
            ? new ProblemResult(ProjectionOperations.NotFound(name))
            : await ProjectionOperations.RunAsync(request.ReasonCode, request.Reason, http, async action =>
            {
                // A caller who disconnects does not cancel the repair.
                var result = await repair.RunAsync(name, action, CancellationToken.None);
                return result is null
                    ? new ProblemResult(
                        Refusal.Conflict(
                            "repair_not_possible_now",
                            "A rebuild or another repair is running, or a rebuild waits for a decision.",
                            ("name", name)))
                    : TypedResults.Json(
                        new RepairView(
                            name,
                            await differences.OfAsync(result.Repaired, CancellationToken.None),
                            result.Remaining is { } left ? await differences.OfAsync(left, CancellationToken.None) : null,
                            await differences.OfAsync(result.Failed, CancellationToken.None),
                            result.IsComplete),
                        ApiJson.Options);
            });
}
