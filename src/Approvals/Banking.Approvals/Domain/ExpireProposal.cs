using Banking.Commands.Decisions;

namespace Banking.Approvals.Domain;

/// <summary>Due command that ends a proposal whose time is over.</summary>
internal sealed record ExpireProposal(Guid Proposal)
{
    /// <summary>Stored name of the operation, permanent.</summary>
    public const string Operation = "approvals.expire-proposal.v1";

    /// <summary>The wait of a proposal, which has its id.</summary>
    internal static DueCommand Of(Guid proposal, DateTimeOffset expiresAt) =>
        new(proposal, Operation, expiresAt, new ExpireProposal(proposal));
}
