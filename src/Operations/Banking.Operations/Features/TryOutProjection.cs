using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.Operations.ReadModels;
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
    [WolverinePost("/ops/projections/{name}/candidate", OperationId = "buildCandidate")]
    [Tags("Operations")]
    [EndpointSummary("Build a candidate of a read model and compare it, without a switch")]
    [EndpointDescription("Builds a candidate of a read model from the log and compares it. Nothing is switched.")]
    [Authorize(Policies.Operate)]
    [Problems("projection_not_found", "candidate_exists", "reason_required", "invalid_text")]
    [ProducesResponseType<GenerationView>(StatusCodes.Status202Accepted)]
    public static Task<IResult> Post(
        string name, ProjectionRequest request, ProjectionOperations operations, Trials trials, RebuildRunner runner, HttpContext http) =>
        operations.RunAsync(name, request.ReasonCode, request.Reason, http, async action =>
        {
            if (await trials.RequestAsync(name, action, http.RequestAborted) is null)
            {
                return new ProblemResult(Refusal.Conflict(
                    "candidate_exists", "This read model has a candidate: it is being built, or waits for a decision.", ("name", name)));
            }

            runner.Wake();
            http.Response.Headers.Location = $"/ops/projections/{name}/candidate";
            return await ShowAsync(name, trials, http, StatusCodes.Status202Accepted);
        });

    /// <summary>
    /// A book's readers see the candidate, with the events up to the switch, at once. The documents of a document read model are rebuilt in
    /// place: the answer is 202 with the address of that rebuild.
    /// </summary>
    [WolverinePost("/ops/projections/{name}/candidate/switch", OperationId = "switchToCandidate")]
    [Tags("Operations")]
    [EndpointSummary("Activate a candidate that was built and compared")]
    [EndpointDescription("Activates a candidate that was built and compared.")]
    [Authorize(Policies.Operate)]
    [Problems("projection_not_found", "no_candidate", "other_version", "candidate_building", "reason_required", "invalid_text")]
    [ProducesResponseType<GenerationView>(StatusCodes.Status200OK)]
    [ProducesResponseType<GenerationView>(StatusCodes.Status202Accepted)]
    public static Task<IResult> Switch(
        string name, ProjectionRequest request, ProjectionOperations operations, Trials trials, HttpContext http) =>
        operations.RunAsync(name, request.ReasonCode, request.Reason, http, async action =>
        {
            switch (await trials.SwitchAsync(name, action, http.RequestAborted))
            {
                case SwitchOutcome.Switched when operations.Find(name) is not null:
                    return await ShowAsync(name, trials, http);
                case SwitchOutcome.Switched:
                    http.Response.Headers.Location = $"/ops/projections/{name}/rebuild";
                    return await operations.ShowAsync(name, null, http, StatusCodes.Status202Accepted);
                case SwitchOutcome.NoCandidate:
                    return NoCandidate(name);
                case SwitchOutcome.OtherVersion:
                    return new ProblemResult(Refusal.Conflict(
                        "other_version",
                        "The candidate is of another version than this host, which cannot keep it current. Start a host of that version.",
                        ("name", name)));
                default:
                    return new ProblemResult(Refusal.Conflict(
                        "candidate_building", "The candidate is being built or compared, or a rebuild is running. Try again after that.",
                        ("name", name)));
            }
        });

    /// <summary>The reason is in the query, because proxies may drop the body of a DELETE.</summary>
    [WolverineDelete("/ops/projections/{name}/candidate", OperationId = "dropCandidate")]
    [QueryParameter("reasonCode", "The code of the reason: lower-case letters, digits, - and _.", IsRequired = true)]
    [QueryParameter("reason", "The reason in words.", IsRequired = true)]
    [Tags("Operations")]
    [EndpointSummary("Drop a candidate; the active version stays")]
    [EndpointDescription("Drops a candidate. The active version stays.")]
    [Authorize(Policies.Operate)]
    [Problems("projection_not_found", "no_candidate", "reason_required", "invalid_text")]
    [ProducesResponseType<GenerationView>(StatusCodes.Status200OK)]
    public static Task<IResult> Drop(string name, ProjectionOperations operations, Trials trials, HttpContext http)
    {
        var (code, reason) = ($"{http.Request.Query["reasonCode"]}", $"{http.Request.Query["reason"]}");
        if (Reasons.Problem(code, reason) is { } wrong)
        {
            // A wrong query parameter is an error before anything else is looked at, as on every route.
            return Task.FromResult<IResult>(new ProblemResult(wrong with { Kind = RefusalKind.Malformed, Pointer = null }));
        }

        return operations.RunAsync(name, code, reason, http, async action =>
            await trials.DropAsync(name, action, http.RequestAborted) ? await ShowAsync(name, trials, http) : NoCandidate(name));
    }

    /// <summary>The answer where no candidate is.</summary>
    internal static ProblemResult NoCandidate(string name) =>
        new(Refusal.NotFound("no_candidate", "This read model has no candidate.", ("name", name)));

    private static async Task<IResult> ShowAsync(string name, Trials trials, HttpContext http, int status = StatusCodes.Status200OK) =>
        TypedResults.Json(
            GenerationView.Of((await trials.NewestAsync(name, http.RequestAborted))!),
            ApiJson.Options,
            statusCode: status);
}
