using Banking.Commands.Decisions;
using Banking.Operations.ReadModels;
using Banking.ReadModels.Books;
using Banking.ReadModels.Rebuilding;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Operations.Features;

/// <summary>
/// A trial builds a candidate from the log and compares it with the active version, which serves on. Nothing is switched before an operator
/// decides.
/// </summary>
public static class TryOutProjectionEndpoint
{
    [WolverinePost("/ops/projections/{name}/candidate")]
    [Tags("Operations")]
    [EndpointSummary("Build a candidate of a read model and compare it, without a switch")]
    [Authorize(Policies.Operate)]
    [ProducesResponseType<GenerationView>(StatusCodes.Status202Accepted)]
    public static Task<IResult> Post(
        string name, ProjectionRequest request, ProjectionOperations operations, Rebuild rebuild, RebuildRunner runner, HttpContext http) =>
        operations.RunAsync(name, request.ReasonCode, request.Reason, http, async (model, action) =>
        {
            if (await rebuild.RequestAsync([model], action, http.RequestAborted, GenerationPurpose.Trial) is not { } numbers)
            {
                return new ProblemResult(Refusal.Conflict(
                    "candidate_exists", "This read model has a candidate: it is being built, or waits for a decision.",
                    ("name", name)));
            }

            runner.Wake();
            http.Response.Headers.Location = $"/ops/projections/{name}/candidate";
            return await operations.ShowAsync(name, numbers[name], http, StatusCodes.Status202Accepted);
        });

    /// <summary>Readers see the candidate with the events up to the switch; the old rows are dropped.</summary>
    [WolverinePost("/ops/projections/{name}/candidate/switch")]
    [Tags("Operations")]
    [EndpointSummary("Activate a candidate that was built and compared")]
    [Authorize(Policies.Operate)]
    [ProducesResponseType<GenerationView>(StatusCodes.Status200OK)]
    public static Task<IResult> Switch(
        string name, ProjectionRequest request, ProjectionOperations operations, Rebuild rebuild, HttpContext http) =>
        operations.RunAsync(name, request.ReasonCode, request.Reason, http, async (model, action) =>
        {
            var candidate = await operations.CandidateAsync(name, http.RequestAborted);
            return candidate is null || !GenerationState.IsCandidate(candidate.State) ? NoCandidate(name)
                : candidate.ModelVersion != model.Version ? OtherVersion(candidate, model)
                : await rebuild.SwitchAsync(model, action, http.RequestAborted)
                    ? await operations.ShowAsync(name, candidate.Number, http)
                    : new ProblemResult(Refusal.Conflict(
                        "candidate_building", "The candidate is being built or compared. Wait until it waits for a decision.",
                        ("name", name)));
        });

    /// <summary>The reason is in the query, because proxies may drop the body of a DELETE.</summary>
    [WolverineDelete("/ops/projections/{name}/candidate")]
    [QueryParameter("reasonCode", "The code of the reason: lower-case letters, digits, - and _.")]
    [QueryParameter("reason", "The reason in words.")]
    [Tags("Operations")]
    [EndpointSummary("Drop a candidate; the active version stays")]
    [Authorize(Policies.Operate)]
    [ProducesResponseType<GenerationView>(StatusCodes.Status200OK)]
    public static Task<IResult> Drop(string name, ProjectionOperations operations, Rebuild rebuild, HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        var query = http.Request.Query;
        return operations.RunAsync(name, $"{query["reasonCode"]}", $"{query["reason"]}", http, async (model, action) =>
            await operations.CandidateAsync(name, http.RequestAborted) is { } candidate
            && await rebuild.CancelAsync(model, action, http.RequestAborted, candidate.Number)
                ? await operations.ShowAsync(name, candidate.Number, http)
                : NoCandidate(name));
    }

    /// <summary>The answer where no candidate is.</summary>
    internal static ProblemResult NoCandidate(string name) =>
        new(Refusal.NotFound("no_candidate", "This read model has no candidate.", ("name", name)));

    private static ProblemResult OtherVersion(Generation candidate, ReadModel model) => new(Refusal.Conflict(
        "other_version",
        "The candidate is of another version than this host, which could not keep it current. Start a host of that version: it switches.",
        ("candidateVersion", candidate.ModelVersion), ("version", model.Version)));
}
