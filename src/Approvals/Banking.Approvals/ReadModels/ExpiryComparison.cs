using Banking.Approvals.Domain;
using Banking.ReadModels.Comparing;

namespace Banking.Approvals.ReadModels;

/// <summary>Checks that the expiry of each open proposal is in the due table.</summary>
internal sealed class ExpiryComparison() : StateDueComparison<CommandProposed, Proposal>(
    (proposal, _) => proposal.Status == ProposalStatus.Open ? ExpireProposal.Of(proposal.Id, proposal.ExpiresAt) : null);
