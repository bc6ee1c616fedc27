using Banking.Approvals.Domain;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Callers;

namespace Banking.Approvals.Features;

/// <summary>Decides whether a caller may see a proposal: staff may, customers may not.</summary>
public sealed class ProposalAccess(StateReader<Proposal> states) : IStreamAccess
{
    public string StreamType => Proposal.StreamType;

    public async Task<bool> MaySeeAsync(Caller caller, Guid stream, CancellationToken ct) =>
        caller is { IsStaff: true } && await states.FindAsync(stream, ct) is not null;
}
