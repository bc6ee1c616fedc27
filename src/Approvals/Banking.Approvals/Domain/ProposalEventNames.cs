namespace Banking.Approvals.Domain;

/// <summary>Stored names of the events of proposals, permanent.</summary>
internal static class ProposalEventNames
{
    public static IReadOnlyDictionary<Type, string> All { get; } = new Dictionary<Type, string>
    {
        [typeof(CommandProposed)] = "approvals.command-proposed.v1",
        [typeof(ProposalExecuted)] = "approvals.proposal-executed.v1",
        [typeof(ProposedCommandRefused)] = "approvals.proposed-command-refused.v1",
        [typeof(ProposalRejected)] = "approvals.proposal-rejected.v1",
        [typeof(ProposalWithdrawn)] = "approvals.proposal-withdrawn.v1",
        [typeof(ProposalExpired)] = "approvals.proposal-expired.v1",
        [typeof(ProposalVoided)] = "approvals.proposal-voided.v1",
    };
}
