using Banking.Approvals.Domain;
using Banking.Commands.Approvals;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.EventStore.Appending;
using Banking.EventStore.Json;
using Banking.EventStore.Sealing;
using Banking.SharedKernel;

namespace Banking.Approvals.Features;

/// <summary>Stores commands as proposals.</summary>
public sealed class Proposals(
    JoinedKind<Proposal> streams, StateReader<Proposal> states, ApprovalSettings settings, TimeProvider clock) : IProposals
{
    private const string FitsPattern =
        "(CAST(d.data ->> 'command' as jsonb) @> CAST(? as jsonb) and "
        + "upper(replace(CAST(d.data ->> 'command' as jsonb) -> 'fields' ->> CAST(? as text), ' ', '')) = any(?))";

    public ProposalStep Propose(CommandData command, CommandContext context) =>
        new ProposeStep(streams.Stream(Ids.Next(clock)), command, context, TimeSpan.FromHours(settings.ValidHours));

    public async Task<IReadOnlyList<ProposedCommand>> NotExecutedAsync(
        IReadOnlyList<CommandPattern> patterns, int limit, CancellationToken ct)
    {
        var search = new StateSearch();
        search.AddByData("d.data ->> 'status' <> ?", WireNames.Of(nameof(ProposalStatus.Executed)));
        search.AddByData(
            string.Join(" or ", patterns.Select(_ => FitsPattern)),
            [.. patterns.SelectMany(p => new object[] { p.Json, p.Field, p.Texts.ToArray() })]);
        // Pages are in the order of ids, which is that of time.
        IReadOnlyList<Proposal> page = [], newest = [];
        do
        {
            page = await states.ListAsync(search, page is [.., var last] ? last.Id : Guid.Empty, limit, ct);
            newest = [.. newest.Concat(page).TakeLast(limit)];
        }
        while (page.Count == limit);

        return
        [
            .. newest.Reverse().Select(p => new ProposedCommand(
                CommandData.Parse(p.Command), WireNames.Of(p.Status.ToString()), p.ProposedAt, Address(p.Id))),
        ];
    }

    internal static string Address(Guid proposal) => $"/v1/proposals/{PublicId.Format(Proposal.Prefix, proposal)}";
}

/// <summary>Stores a command as a proposal instead of carrying it out.</summary>
internal sealed class ProposeStep(JoinedStream<Proposal> stream, CommandData command, CommandContext context, TimeSpan validity)
    : ProposalStep
{
    public override JoinedStream Stream => stream;

    public override Decision Decide(
        CommandBasis basis, Func<Decision> decide, Func<IReadOnlyList<NewEvent>, string?> locate, DateTimeOffset now)
    {
        var text = command.ToText();
        CommandProposed proposed = new(
            command.Type, text, ProposalDecisions.HashOf(text), context.ReasonCode, context.ReasonText, basis.ToJson(),
            context.Caller.Actor, now + validity, now);
        return ProposalDecisions.Propose(stream.Id, proposed, decide);
    }

    public override CommandAnswer Answer() => ProposalAnswers.Proposed(stream.State!);

    internal static ProposedView View(Proposal proposal) => new(
        ProposalDecisions.PublicIdOf(proposal), proposal.CommandHash, proposal.Seen().Reasons, proposal.ExpiresAt, proposal.Version);
}

/// <summary>Carries out the command of a proposal that a second person approves.</summary>
/// <param name="approver">The actor who approves.</param>
/// <param name="hash">The hash of the command that the approver has seen.</param>
internal sealed class ApproveStep(JoinedStream<Proposal> stream, string approver, string hash, Guid eventId, SealedMembers texts)
    : ProposalStep
{
    public override JoinedStream Stream => stream;

    public override Decision Decide(
        CommandBasis basis, Func<Decision> decide, Func<IReadOnlyList<NewEvent>, string?> locate, DateTimeOffset now) =>
        stream.State is { } proposal
            ? ProposalDecisions.Approve(proposal, approver, hash, basis, decide, locate, eventId, now)
            : new Decision.Rejected(ProposalCommands.NotFound);

    public override CommandAnswer Answer() => ProposalAnswers.Ended(stream.State!, texts);
}
