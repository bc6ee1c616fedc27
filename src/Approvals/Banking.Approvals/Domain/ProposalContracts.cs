using Banking.Approvals.Contracts.Published;
using Banking.Commands.Approvals;
using Banking.EventStore.Published;

namespace Banking.Approvals.Domain;

/// <summary>
/// The published form of each event of a proposal. Left out are actors, the command, its reason and all facts: readers of published events
/// learn that something waits or ended, and read the rest with a token.
/// </summary>
internal static class ProposalContracts
{
    public static IReadOnlyList<PublicContract> All { get; } =
    [
        Of<CommandProposed, CommandProposedV1>("command-proposed.v1", e =>
            new(e.Name, e.CommandHash, string.Join(' ', CommandBasis.Parse(e.Basis).Reasons), e.ExpiresAt)),
        Of<ProposalExecuted, ProposalExecutedV1>("executed.v1", e => new(e.EffectiveAt, e.Result)),
        Of<ProposedCommandRefused, ProposalRefusedV1>("refused.v1", e => new(e.Code, e.EffectiveAt)),
        Of<ProposalRejected, ProposalRejectedV1>("rejected.v1", e => new(e.EffectiveAt)),
        Of<ProposalWithdrawn, ProposalWithdrawnV1>("withdrawn.v1", e => new(e.EffectiveAt)),
        Of<ProposalExpired, ProposalExpiredV1>("expired.v1", e => new(e.EffectiveAt)),
        Of<ProposalVoided, ProposalVoidedV1>("voided.v1", e => new(e.EffectiveAt)),
    ];

    private static PublicContract Of<TStored, TData>(string name, Func<TStored, TData> publish)
        where TStored : class
        where TData : class =>
        new("banking.proposal." + name, typeof(TStored), typeof(TData), Proposal.Prefix) { ToData = e => publish((TStored)e.Data) };
}
