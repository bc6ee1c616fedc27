namespace Banking.Commands.Decisions;

/// <summary>The approval of a proposed command. The events of the command have it in their headers.</summary>
/// <param name="Proposal">Public id of the proposal.</param>
public sealed record Approval(string Proposal, string ProposedBy, string ApprovedBy);
