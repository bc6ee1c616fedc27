using JasperFx.Events;
using Marten.Events.Aggregation;

namespace Banking.Approvals.Domain;

/// <summary>Stores the state of a proposal.</summary>
public sealed partial class ProposalProjection : SingleStreamProjection<Proposal, Guid>
{
    // Without this, Marten's own append and its rebuilds pass the events of all other streams too.
    public ProposalProjection()
    {
        foreach (var type in ProposalEventNames.All.Keys)
        {
            IncludeType(type);
        }
    }

    public override Proposal? Evolve(Proposal? snapshot, Guid id, IEvent e)
    {
        return Proposal.Fold(snapshot, id, e.Data, e.Timestamp);
    }
}
