using Banking.Commands.Decisions;
using Banking.Loyalty.Domain;
using Banking.Loyalty.ReadModels;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Loyalty.Features;

/// <summary>Redeems points.</summary>
/// <param name="Points">The number of points, more than zero.</param>
public sealed record RedeemPointsRequest(long Points);

public static class RedeemPointsEndpoint
{
    [WolverinePost("/v1/loyalty/{account}/redemptions", OperationId = "redeemPoints")]
    [RunsCommand(IsKeyRequired = true)]
    [HonoursIfMatch]
    [Tags("Loyalty")]
    [EndpointSummary("Redeem points")]
    [EndpointDescription("Redeems points, the oldest first.")]
    [Authorize(Policies.MoveMoney)]
    [Problems("account_not_found", "insufficient_points", "points_not_positive", "points_not_found", "overloaded")]
    [ProducesResponseType<PointsView>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(string account, RedeemPointsRequest request, PointsCommands commands, HttpContext http) =>
        commands.RedeemAsync(http, key => new RedeemPoints(key, account, request.Points));
}

internal sealed record RedeemPoints(string CommandId, string Account, long Points);

internal static class RedeemPointsDecision
{
    internal static readonly CommandShape<RedeemPoints> Shape = new(
        "loyalty.redeem-points.v1",
        c => c.CommandId,
        _ => (null, null),
        c => c.Points > 0 ? null : Refusal.Invalid("points_not_positive", "points must be more than zero.", "#/points"));

    internal static Decision Decide(RedeemPoints command, PointsAccount points, Guid eventId, DateTimeOffset now) =>
        command.Points > points.Points
            ? new Decision.Refused(Refusal.RuleBroken(
                "insufficient_points", "The account has fewer points than requested.", ("points", points.Points)))
            : new Decision.Accepted(new NewEvent(points.Id, eventId, new PointsRedeemed(command.Points, now)));
}
