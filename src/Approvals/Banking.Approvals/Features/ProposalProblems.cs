using Banking.Commands.Decisions;
using Banking.Web.Http;

namespace Banking.Approvals.Features;

/// <summary>The problems that only this module answers.</summary>
internal static class ProposalProblems
{
    public static IReadOnlyList<ProblemType> All { get; } =
    [
        new("proposal_not_found", RefusalKind.NotFound, "There is no such proposal.", "Correct the id."),
        new(
            "proposal_ended", RefusalKind.Conflict, "The proposal was decided, withdrawn, or found void before.",
            "Read the proposal; propose the command again if it is still wanted.", "proposalId", "proposalStatus", "endedAt"),
        new(
            "proposal_expired", RefusalKind.Conflict, "The proposal was not approved in time.",
            "Propose the command again.", "proposalId", "expiresAt"),
        new(
            "own_proposal", RefusalKind.RuleBroken, "A proposal is approved or rejected by a second person, never by its proposer.",
            "Ask a second person, or withdraw the proposal.", "proposalId"),
        new(
            "not_own_proposal", RefusalKind.RuleBroken, "Only its proposer can withdraw a proposal.",
            "Reject the proposal.", "proposalId"),
        new(
            "other_command", RefusalKind.RuleBroken, "The approval names another command than the proposed one.",
            "Read the proposal, and approve it with its commandHash.", "proposalId"),
        new("malformed_hash", RefusalKind.Malformed, "commandHash is no SHA-256.", "Send the commandHash of the proposal."),
    ];
}
