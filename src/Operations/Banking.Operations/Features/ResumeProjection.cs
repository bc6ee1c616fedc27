using Banking.Commands.Decisions;
using Banking.Operations.ReadModels;
using Banking.ReadModels.Books;
using Banking.ReadModels.Documents;
using Banking.ReadModels.Rebuilding;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Operations.Features;

/// <summary>
/// Resumes a read model that paused before an event that it could not project. It tries that event again.
/// </summary>
public static class ResumeProjectionEndpoint
{
    [WolverinePost("/ops/projections/{name}/resume", OperationId = "resumeReadModel")]
    [Tags("Operations")]
    [EndpointSummary("Resume a read model that paused before an event")]
    [EndpointDescription("Resumes a read model that paused before an event it could not apply.")]
    [Authorize(Policies.Operate)]
    [Problems("projection_not_found", "not_paused", "reason_required", "invalid_text")]
    [ProducesResponseType<GenerationView>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(
        string name,
        ProjectionRequest request,
        ProjectionOperations operations,
        ReadModelWriter writer,
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
                if (await writer.ResumeAsync(model, action, http.RequestAborted) is not { } resumed)
                {
                    return NotPaused(name);
                }

                runner.Wake();
                return await operations.ShowAsync(name, resumed, http);
            },
            async (model, action) =>
                await projections.ResumeAsync(model, action, http.RequestAborted)
                    ? await operations.ShowAsync(name, null, http)
                    : NotPaused(name));

    private static ProblemResult NotPaused(string name) =>
        new(Refusal.Conflict("not_paused", "This read model is not paused.", ("name", name)));
}
