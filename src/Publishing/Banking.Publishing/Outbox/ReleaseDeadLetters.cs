using System.ComponentModel.DataAnnotations;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.EventStore.Published;
using Banking.Publishing.Publishers;
using Banking.SharedKernel;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Outbox;

/// <summary>Selects dead letters: those that match all given filters; all of them without a filter.</summary>
/// <param name="Destination">Only dead letters of this destination.</param>
/// <param name="Cause">Only dead letters with this cause.</param>
/// <param name="Account">Only the dead letter of this account, acc_…, or of what else GET /ops/dead-letters names as account.</param>
/// <param name="ReasonCode">The code of the reason: lower-case letters, digits, - and _.</param>
/// <param name="Reason">The reason in words.</param>
public sealed record DeadLetterRequest(
    string? Destination = null,
    string? Cause = null,
    string? Account = null,
    [property: Required, StringLength(50, MinimumLength = 1), RegularExpression("^[a-z0-9_-]+$")] string ReasonCode = "",
    [property: Required, StringLength(500, MinimumLength = 1)] string Reason = "");

/// <summary>The dead letters that the request applies to; the publishers carry it out in the background.</summary>
public sealed record RequestedDeadLettersView(int Asked, IReadOnlyList<DeadLetterView> Items);

public static class ReplayDeadLettersEndpoint
{
    /// <summary>The blocked events of their accounts follow in order.</summary>
    [WolverinePost("/ops/dead-letters/replay", OperationId = "replayDeadLetters")]
    [Tags("Operations")]
    [EndpointSummary("Deliver dead letters to their destinations again: one, some or all")]
    [EndpointDescription("Delivers dead letters to their destinations again: one, some or all.")]
    [Authorize(Policies.Operate)]
    [Problems("malformed_account", "reason_required", "invalid_text")]
    [ProducesResponseType<RequestedDeadLettersView>(StatusCodes.Status202Accepted)]
    public static Task<IResult> Post(DeadLetterRequest request, PublisherControl control, PublicStreams streams, HttpContext http) =>
        DeadLetterRelease.RunAsync(BlockedAccounts.Retry, request, control, streams, http);
}

public static class DiscardDeadLettersEndpoint
{
    /// <summary>
    /// The events stay in the log and in the feed, but the destination does not receive them. The blocked events of their accounts follow
    /// in order.
    /// </summary>
    [WolverinePost("/ops/dead-letters/discard", OperationId = "discardDeadLetters")]
    [Tags("Operations")]
    [EndpointSummary("Skip dead letters, with a reason: one, some or all")]
    [EndpointDescription("Skips dead letters: one, some or all. The later events of their accounts are delivered.")]
    [Authorize(Policies.Operate)]
    [Problems("malformed_account", "reason_required", "invalid_text")]
    [ProducesResponseType<RequestedDeadLettersView>(StatusCodes.Status202Accepted)]
    public static Task<IResult> Post(DeadLetterRequest request, PublisherControl control, PublicStreams streams, HttpContext http) =>
        DeadLetterRelease.RunAsync(BlockedAccounts.Discard, request, control, streams, http);
}

internal static class DeadLetterRelease
{
    public static async Task<IResult> RunAsync(
        string release, DeadLetterRequest request, PublisherControl control, PublicStreams streams, HttpContext http)
    {
        Guid? account = null;
        if (request.Account is not null)
        {
            if (!streams.TryRead(request.Account, out var id))
            {
                return new ProblemResult(
                    Refusal.Invalid(
                        "malformed_account",
                        "account must be the id of an account, acc_…, or an id that GET /ops/dead-letters shows.",
                        "#/account"));
            }

            account = id;
        }

        if ((TextProblem(request.Destination, "destination") ?? TextProblem(request.Cause, "cause")) is { } malformed)
        {
            return new ProblemResult(malformed);
        }

        if (Reasons.Problem(request.ReasonCode, request.Reason) is { } problem)
        {
            return new ProblemResult(problem);
        }

        var requested = await control.RequestReleaseAsync(
            release,
            request.Destination,
            request.Cause,
            account,
            OperatorRequest.Action(http, request.ReasonCode, request.Reason),
            http.RequestAborted);
        var items = await DeadLettersView.ListAsync([.. requested.Take(100)], streams, http.RequestAborted);
        return TypedResults.Json(
            new RequestedDeadLettersView(requested.Count, items),
            ApiJson.Options,
            statusCode: StatusCodes.Status202Accepted);
    }

    private static Refusal? TextProblem(string? text, string member) =>
        PlainText.Problem(text, OutboxCommands.MaxTextLength) is { } why ? Refusal.Invalid("invalid_text", why, "#/" + member) : null;
}
