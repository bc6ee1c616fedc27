using Banking.Commands.Approvals;
using Banking.EventStore.Streams;

namespace Banking.Approvals.Domain;

/// <summary>What became of a proposal. Only an open one can change.</summary>
public enum ProposalStatus
{
    /// <summary>It waits for an approval.</summary>
    Open,

    /// <summary>It was approved and its command was carried out.</summary>
    Executed,

    /// <summary>It was approved, but its command was refused.</summary>
    Refused,

    /// <summary>A second person rejected it.</summary>
    Rejected,

    /// <summary>Its proposer withdrew it.</summary>
    Withdrawn,

    /// <summary>It was not approved in time.</summary>
    Expired,

    /// <summary>What it relied on had changed when it was approved.</summary>
    Void,
}

/// <summary>A command that waits for the approval of a second person, or did.</summary>
/// <param name="Command">The command as JSON, as it was hashed.</param>
public sealed record Proposal(
    Guid Id, long Version, DateTimeOffset RecordedAt, ProposalStatus Status, string Name, string Command, string CommandHash,
    string? ReasonCode, string? ReasonText, string Basis, string ProposedBy, DateTimeOffset ProposedAt, DateTimeOffset ExpiresAt)
    : IEventSourced<Proposal>
{
    /// <summary>The prefix of a proposal's public id.</summary>
    public const string Prefix = "prp";

    public static string StreamType => "proposal";

    public static bool IsIndexed => true;

    /// <summary>The actor who approved or rejected it; null if no second person acted.</summary>
    public string? DecidedBy { get; init; }

    /// <summary>Null while it is open.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The path of what the command made.</summary>
    public string? Result { get; init; }

    /// <summary>Why an approval is required and what it relies on, as it was when the command was proposed.</summary>
    public CommandBasis Seen() => CommandBasis.Parse(Basis);

    /// <summary>The refusal of the command; null unless it was refused.</summary>
    public ProposedCommandRefused? Refusal { get; init; }

    /// <summary>The names of what had changed, separated by spaces; null unless it is void.</summary>
    public string? Changed { get; init; }

    public static Proposal Fold(Proposal? state, Guid id, object @event, DateTimeOffset recordedAt)
    {
        var next = (state, @event) switch
        {
            (null, CommandProposed e) => new Proposal(
                id, 0, recordedAt, ProposalStatus.Open, e.Name, e.Command, e.CommandHash, e.ReasonCode, e.ReasonText, e.Basis,
                e.ProposedBy, e.EffectiveAt, e.ExpiresAt),
            ({ Status: ProposalStatus.Open } p, ProposalExecuted e) =>
                p.End(ProposalStatus.Executed, e.EffectiveAt, e.ApprovedBy) with { Result = e.Result },
            ({ Status: ProposalStatus.Open } p, ProposedCommandRefused e) =>
                p.End(ProposalStatus.Refused, e.EffectiveAt, e.ApprovedBy) with { Refusal = e },
            ({ Status: ProposalStatus.Open } p, ProposalRejected e) => p.End(ProposalStatus.Rejected, e.EffectiveAt, e.RejectedBy),
            ({ Status: ProposalStatus.Open } p, ProposalWithdrawn e) => p.End(ProposalStatus.Withdrawn, e.EffectiveAt, null),
            ({ Status: ProposalStatus.Open } p, ProposalExpired e) => p.End(ProposalStatus.Expired, e.EffectiveAt, null),
            ({ Status: ProposalStatus.Open } p, ProposalVoided e) =>
                p.End(ProposalStatus.Void, e.EffectiveAt, e.ApprovedBy) with { Changed = e.Changed },
            _ => throw new InvalidOperationException(
                $"{@event.GetType().Name} cannot follow {(state is null ? "nothing" : "the events so far")} in proposal {id}."),
        };
        return next with { Version = next.Version + 1, RecordedAt = recordedAt };
    }

    private Proposal End(ProposalStatus status, DateTimeOffset at, string? by) =>
        this with { Status = status, EndedAt = at, DecidedBy = by };
}
