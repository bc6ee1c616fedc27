using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Banking.Commands.Approvals;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.SharedKernel;

namespace Banking.Approvals.Domain;

/// <summary>
/// The decisions on a proposal. Rules in this order: ended, expired, person, hash. The proposer is compared by the subject of the token
/// alone: another role or customer in the token makes no second person.
/// </summary>
internal static class ProposalDecisions
{
    /// <summary>Stores the command as a proposal, if it would be accepted now.</summary>
    public static Decision Propose(Guid id, CommandProposed proposed, Func<Decision> decide) => decide() is not Decision.Accepted
        and var refused
            ? refused
            : new Decision.Accepted
            {
                Joined = [new(id, id, proposed)],
                Due = [ExpireProposal.Of(id, proposed.ExpiresAt)],
            };

    /// <summary>
    /// Carries the command out. A refused command and a void proposal end the proposal too: that is an accepted approval whose result is
    /// in the proposal.
    /// </summary>
    /// <param name="hash">The hash of the command that the approver has seen.</param>
    /// <param name="eventId">Id of the event of the proposal.</param>
    public static Decision Approve(
        Proposal proposal, string approver, string hash, CommandBasis basis, Func<Decision> decide,
        Func<IReadOnlyList<NewEvent>, string?> locate, Guid eventId, DateTimeOffset now)
    {
        if ((CheckOpen(proposal, now) ?? CheckSecondPerson(proposal, approver) ?? CheckHash(proposal, hash)) is { } refusal)
        {
            return new Decision.Refused(refusal);
        }

        if (basis.ChangedSince(proposal.Seen()) is { Count: > 0 } changed)
        {
            return End(new ProposalVoided(approver, string.Join(' ', changed), now));
        }

        return decide() switch
        {
            Decision.Accepted accepted => accepted with
            {
                Joined = [new(proposal.Id, eventId, new ProposalExecuted(approver, locate(accepted.Events), now))],
            },
            Decision.Refused { Refusal: var no } => End(new ProposedCommandRefused(
                approver, no.Code, no.Detail, JsonSerializer.Serialize(no.Facts, ApiJson.Options), now)),
            var nothing => nothing,
        };

        Decision.Accepted End(object e) => new() { Joined = [new(proposal.Id, eventId, e)] };
    }

    public static Decision Reject(Proposal proposal, string actor, Guid eventId, DateTimeOffset now) =>
        (CheckOpen(proposal, now) ?? CheckSecondPerson(proposal, actor)) is { } refusal
            ? new Decision.Refused(refusal)
            : new Decision.Accepted(new NewEvent(proposal.Id, eventId, new ProposalRejected(actor, now)));

    public static Decision Withdraw(Proposal proposal, string actor, Guid eventId, DateTimeOffset now) =>
        (CheckOpen(proposal, now) ?? CheckProposer(proposal, actor)) is { } refusal
            ? new Decision.Refused(refusal)
            : new Decision.Accepted(new NewEvent(proposal.Id, eventId, new ProposalWithdrawn(now)));

    /// <summary>Ends a proposal whose time is over. Of one that ended before, the wait is overtaken and refused.</summary>
    public static Decision Expire(Proposal proposal, Guid eventId, DateTimeOffset now) =>
        proposal.Status != ProposalStatus.Open ? new Decision.Refused(Ended(proposal))
        : now < proposal.ExpiresAt ? new Decision.Rejected(Refusal.Unavailable("temporarily_unavailable", "The proposal has time left."))
        : new Decision.Accepted(new NewEvent(proposal.Id, eventId, new ProposalExpired(now)));

    public static string PublicIdOf(Proposal proposal) => PublicId.Format(Proposal.Prefix, proposal.Id);

    private static Refusal? CheckOpen(Proposal proposal, DateTimeOffset now) =>
        proposal.Status != ProposalStatus.Open ? Ended(proposal)
        : now >= proposal.ExpiresAt ? Refusal.Conflict(
            "proposal_expired", "The proposal has expired. Propose the command again.",
            ("proposalId", PublicIdOf(proposal)), ("expiresAt", proposal.ExpiresAt))
        : null;

    private static Refusal Ended(Proposal proposal) => Refusal.Conflict(
        "proposal_ended", "The proposal has ended.",
        ("proposalId", PublicIdOf(proposal)), ("proposalStatus", WireNames.Of(proposal.Status.ToString())),
        ("endedAt", proposal.EndedAt!.Value));

    private static Refusal? CheckSecondPerson(Proposal proposal, string actor) => proposal.ProposedBy != actor ? null : Refusal.RuleBroken(
        "own_proposal", "The proposer can only withdraw the proposal. A second person approves or rejects it.",
        ("proposalId", PublicIdOf(proposal)));

    private static Refusal? CheckProposer(Proposal proposal, string actor) => proposal.ProposedBy == actor ? null : Refusal.RuleBroken(
        "not_own_proposal", "Only its proposer can withdraw a proposal. Others reject it.", ("proposalId", PublicIdOf(proposal)));

    /// <summary>The hash that an approval names.</summary>
    public static string HashOf(string command) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(command)));

    /// <summary>Hashes the text that is carried out: a stored hash does not prove that the stored text is what was proposed.</summary>
    private static Refusal? CheckHash(Proposal proposal, string hash) => HashOf(proposal.Command) == hash ? null : Refusal.RuleBroken(
        "other_command", "The hash is not that of the proposed command. Read the proposal and approve what it says.",
        ("proposalId", PublicIdOf(proposal)));
}
