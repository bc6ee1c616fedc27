using System.ComponentModel.DataAnnotations;
using Banking.Commands.Decisions;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Approvals.Features;

/// <summary>The end of a proposal that is not carried out.</summary>
/// <param name="ReasonCode">Lower-case letters, digits, - and _.</param>
/// <param name="Reason">The reason in words.</param>
public sealed record EndProposalRequest(
    [property: Required, StringLength(50, MinimumLength = 1), RegularExpression("^[a-z0-9_-]+$")] string ReasonCode,
    [property: Required, StringLength(500, MinimumLength = 1)] string Reason);

public static class RejectProposalEndpoint
{
    [WolverinePost("/v1/proposals/{proposal}/reject", OperationId = "rejectProposal")]
    [RunsCommand]
    [HonoursIfMatch]
    [Tags("Approvals")]
    [EndpointSummary("Reject a proposal")]
    [EndpointDescription("Rejects a proposal of another person. Its command is never carried out.")]
    [Authorize(Policies.DecideProposals)]
    [Problems(
        "proposal_not_found", "proposal_ended", "proposal_expired", "own_proposal", "reason_required", "invalid_text", "overloaded")]
    [ProducesResponseType<ProposalView>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(string proposal, EndProposalRequest request, ProposalCommands commands, HttpContext http) =>
        commands.RejectAsync(http, key => (new EndProposal(key, proposal, request.ReasonCode, request.Reason), null));

    [WolverinePost("/v1/proposals/{proposal}/withdraw", OperationId = "withdrawProposal")]
    [RunsCommand]
    [HonoursIfMatch]
    [Tags("Approvals")]
    [EndpointSummary("Withdraw a proposal of one's own")]
    [EndpointDescription("Withdraws a proposal that the caller made. Its command is never carried out.")]
    [Authorize(Policies.DecideProposals)]
    [Problems(
        "proposal_not_found", "proposal_ended", "proposal_expired", "not_own_proposal", "reason_required", "invalid_text", "overloaded")]
    [ProducesResponseType<ProposalView>(StatusCodes.Status200OK)]
    public static Task<IResult> PostWithdrawal(
        string proposal, EndProposalRequest request, ProposalCommands commands, HttpContext http) =>
        commands.WithdrawAsync(http, key => (new EndProposal(key, proposal, request.ReasonCode, request.Reason), null));
}

internal sealed record EndProposal(string CommandId, string Proposal, string ReasonCode, string Reason)
{
    public static CommandShape<EndProposal> Rejection { get; } = Shape("approvals.reject-proposal.v1");

    public static CommandShape<EndProposal> Withdrawal { get; } = Shape("approvals.withdraw-proposal.v1");

    private static CommandShape<EndProposal> Shape(string name) => new(
        name, c => c.CommandId, c => (c.ReasonCode, c.Reason), c => Reasons.Problem(c.ReasonCode, c.Reason));
}
