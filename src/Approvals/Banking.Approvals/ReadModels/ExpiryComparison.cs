using Banking.Approvals.Domain;
using Banking.Commands.Decisions;
using Banking.EventStore.Streams;
using Banking.ReadModels.Comparing;
using JasperFx.Events;
using Npgsql;

namespace Banking.Approvals.ReadModels;

/// <summary>Checks that the expiry of each open proposal is in the due table.</summary>
internal sealed class ExpiryComparison : DueComparison
{
    protected override Task<IReadOnlyList<(Guid Stream, DueCommand Due)>> WaitsAsync(
        NpgsqlConnection snapshot, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<(Guid Stream, DueCommand Due)>>(
        [
            .. events
                .Where(s => s.Value is [{ Data: CommandProposed }, ..])
                .Select(s => StreamFold.Of<Proposal>(s.Key, s.Value)!)
                .Where(p => p.Status == ProposalStatus.Open)
                .Select(p => (p.Id, ExpireProposal.Of(p.Id, p.ExpiresAt))),
        ]);
}
