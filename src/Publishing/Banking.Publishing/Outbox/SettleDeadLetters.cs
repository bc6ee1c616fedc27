using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.Publishing.Publishers;
using Banking.SharedKernel;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Outbox;

/// <summary>Which dead letters: all that fit what is given, and all of them when nothing is.</summary>
/// <param name="Destination">Those of one destination.</param>
/// <param name="Cause">Those of one cause.</param>
/// <param name="Account">That of one account, acc_….</param>
/// <param name="ReasonCode">Lower-case letters, digits, - and _.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record SettleRequest(
    string? Destination = null, string? Cause = null, string? Account = null, string ReasonCode = "", string Reason = "");

/// <summary>What was asked for; it happens in the background.</summary>
public sealed record SettledView(int Asked, IReadOnlyList<DeadLetterView> Items);

public static class ReplayDeadLettersEndpoint
{
    /// <summary>What waits behind them follows in order.</summary>
    [WolverinePost("/ops/dead-letters/replay")]
    [Tags("Operations")]
    [EndpointSummary("Offer dead letters to their destinations again: one, some or all")]
    [Authorize(Policies.Operate)]
    [ProducesResponseType<SettledView>(StatusCodes.Status202Accepted)]
    public static Task<IResult> Post(SettleRequest request, PublisherControl control, HttpContext http) =>
        Settling.RunAsync(BlockedAccounts.Retry, request, control, http);
}

public static class DiscardDeadLettersEndpoint
{
    /// <summary>The events stay in the log and in the feed; that destination does not get them. What waits behind them follows.</summary>
    [WolverinePost("/ops/dead-letters/discard")]
    [Tags("Operations")]
    [EndpointSummary("Pass over dead letters, with a reason: one, some or all")]
    [Authorize(Policies.Operate)]
    [ProducesResponseType<SettledView>(StatusCodes.Status202Accepted)]
    public static Task<IResult> Post(SettleRequest request, PublisherControl control, HttpContext http) =>
        Settling.RunAsync(BlockedAccounts.Discard, request, control, http);
}

internal static class Settling
{
    public static async Task<IResult> RunAsync(string how, SettleRequest request, PublisherControl control, HttpContext http)
    {
        Guid? account = null;
        if (request.Account is not null)
        {
            if (!PublicId.TryParse("acc", request.Account, out var id))
            {
                return new ProblemResult(
                    Problems.Malformed("malformed_account", "account is the id of an account, acc_…", "#/account", status: 422));
            }

            account = id;
        }

        if (
            (PlainText.Problem(request.Destination, OutboxCommands.LongestText) ?? PlainText.Problem(request.Cause, OutboxCommands.LongestText)) is
            { } why)
        {
            return new ProblemResult(Problems.Malformed("invalid_text", why, status: 422));
        }

        if (Reasons.Problem(request.ReasonCode, request.Reason) is { } problem)
        {
            return new ProblemResult(problem);
        }

        var asked = await control.SettleAsync(
            how,
            request.Destination,
            request.Cause,
            account,
            OperatorRequest.Action(http, request.ReasonCode, request.Reason),
            http.RequestAborted);
        return TypedResults.Json(
            new SettledView(asked.Count, [.. asked.Take(100).Select(DeadLettersView.Of)]),
            ApiJson.Options,
            statusCode: StatusCodes.Status202Accepted);
    }
}
