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

/// <summary>What a repair did.</summary>
/// <param name="Repaired">What was different, and is now what the log says; empty where nothing was.</param>
/// <param name="Remaining">What differs still, with why.</param>
public sealed record RepairView(string Name, IReadOnlyList<Difference> Repaired, IReadOnlyList<Difference> Remaining);

public static class RepairProjectionEndpoint
{
    /// <summary>
    /// Compares all of it with the log and makes anew what differs; answers when that is done. The name is that of a read model, or of a
    /// kind of stored state that the sentinel or verify named: customer, webhook, subscription.
    /// </summary>
    [WolverinePost("/ops/projections/{name}/repair")]
    [Tags("Operations")]
    [EndpointSummary("Repair what differs from the log, in a read model and in stored states")]
    [Authorize(Policies.Operate)]
    [ProducesResponseType<RepairView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Post(string name, ProjectionRequest request, Repair repair, HttpContext http) =>
        !repair.Knows(name)
            ? new ProblemResult(ProjectionDesk.NotFound(name))
            : await ProjectionDesk.RunAsync(request.ReasonCode, request.Reason, http, async action =>
            {
                // A caller who hangs up does not stop it half-way.
                var result = await repair.RunAsync(name, action, CancellationToken.None);
                return result is null
                    ? new ProblemResult(
                        Refusal.Of(
                            "repair_not_possible_now",
                            409,
                            "A rebuild or another repair of it is under way, or a rebuild waits for a decision.",
                            ("name", name)))
                    : TypedResults.Json(new RepairView(name, result.Repaired, result.Remaining), ApiJson.Options);
            });
}
