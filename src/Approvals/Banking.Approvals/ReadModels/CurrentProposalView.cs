using Banking.Approvals.Domain;
using Banking.Approvals.Features;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Sealing;

namespace Banking.Approvals.ReadModels;

/// <summary>Shows a proposal as it is now: in short to a repeat of the command that was proposed, which was answered so.</summary>
internal sealed class CurrentProposalView(StateReader<Proposal> states, SealedMembers texts) : ICurrentView
{
    public string StreamType => Proposal.StreamType;

    public async Task<CurrentView?> FindAsync(ExpiredAnswer answer, CancellationToken ct) =>
        await states.FindAsync(answer.Last.StreamId, ct) is { } now
            ? new(answer.Last.Data is CommandProposed ? ProposeStep.View(now) : ProposalView.Kept(now, texts), now.Version)
            : null;
}
