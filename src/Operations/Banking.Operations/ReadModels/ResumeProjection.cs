using Banking.Platform.Commands;
using Banking.Platform.Http;
using Banking.Platform.Projections;
using Banking.Platform.ReadModels;
using Banking.Platform.Security;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Operations.ReadModels;

/// <summary>
/// A read model that stopped before an event it could not project tries that event again: for when what was wrong is mended.
/// </summary>
public static class ResumeProjectionEndpoint
{
    [WolverinePost("/ops/projections/{name}/resume")]
    [Tags("Operations")]
    [EndpointSummary("Let a read model go on that stopped before an event")]
    [Authorize(Policies.Operate)]
    [ProducesResponseType<GenerationView>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(
        string name,
        ProjectionRequest request,
        ProjectionDesk desk,
        ReadModelWriter writer,
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
                if (await writer.ResumeAsync(model, action, http.RequestAborted) is not { } resumed)
                {
                    return NotPaused(name);
                }

                runner.Wake();
                return await desk.ShowAsync(name, resumed, http);
            },
            async (model, action) =>
                await projections.ResumeAsync(model, action, http.RequestAborted) ? await desk.ShowAsync(name, null, http) : NotPaused(name)
        );

    private static ProblemResult NotPaused(string name) =>
        new(Refusal.Of("not_paused", 409, "This read model has not stopped.", ("name", name)));
}
