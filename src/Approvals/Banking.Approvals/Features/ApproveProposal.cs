using System.ComponentModel.DataAnnotations;
using Banking.Commands.Decisions;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Approvals.Features;

/// <summary>The approval of a proposal.</summary>
/// <param name="CommandHash">The hash of the proposal's command, as the approver has read it.</param>
public sealed record ApproveProposalRequest(
    [property: Required, RegularExpression("^[0-9a-f]{64}$")] string CommandHash);

public static class ApproveProposalEndpoint
{
    [WolverinePost("/v1/proposals/{proposal}/approve", OperationId = "approveProposal")]
    [RunsCommand(IsKeyRequired = true)]
    [HonoursIfMatch]
    [Tags("Approvals")]
    [EndpointSummary("Approve a proposal, which carries out its command")]
    [EndpointDescription(
        "Approves a proposal of another person. Its command is carried out in the same transaction. If a rule refuses the command, or what "
        + "the proposal relied on has changed, the proposal ends as refused or void, and the answer says so.")]
    [Authorize(Policies.DecideProposals)]
    [Problems(
        "proposal_not_found", "proposal_ended", "proposal_expired", "own_proposal", "other_command", "malformed_hash", "overloaded",
        "transaction_not_found", "account_not_found", "key_unavailable")]
    [ProducesResponseType<ProposalView>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(string proposal, ApproveProposalRequest request, ProposalCommands commands, HttpContext http) =>
        commands.ApproveAsync(http, key => (new ApproveProposal(key, proposal, request.CommandHash), null));
}

internal sealed record ApproveProposal(string CommandId, string Proposal, string CommandHash)
{
    public static CommandShape<ApproveProposal> Shape { get; } = new(
        "approvals.approve-proposal.v1", c => c.CommandId, _ => (null, null),
        c => c.CommandHash is { Length: 64 } hash && hash.All(char.IsAsciiHexDigitLower)
            ? null
            : Refusal.Malformed("malformed_hash", "commandHash has 64 hexadecimal digits in lower case.", "#/commandHash"));
}
