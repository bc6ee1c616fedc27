using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Loyalty.Domain;
using Banking.Loyalty.Features;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Loyalty.ReadModels;

/// <summary>The points of an account now.</summary>
public sealed record PointsView(string Account, long Points, long Version)
{
    internal static Refusal NotFound => Refusal.NotFound("points_not_found", "There is no such account, or it has earned no points.");

    internal static PointsView Of(PointsAccount points) => new(PublicId.Format("acc", points.Account), points.Points, points.Version);
}

public static class GetPointsEndpoint
{
    [WolverineGet("/v1/loyalty/{account}", OperationId = "getPoints")]
    [HasVersion]
    [Tags("Loyalty")]
    [EndpointSummary("Get the points of an account")]
    [EndpointDescription("Gets the points of an account.")]
    [Authorize(Policies.Read)]
    [Problems("points_not_found")]
    [ProducesResponseType<PointsView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(string account, PointsCommands commands, StateReader<PointsAccount> states, HttpContext http) =>
        await commands.FindAsync(account, http.Caller(), http.RequestAborted) is { } id
        && await states.FindAsync(PointsAccount.IdOf(id), http.RequestAborted) is { } points
            ? new VersionedResult(PointsView.Of(points), points.Version)
            : new ProblemResult(PointsView.NotFound);
}
