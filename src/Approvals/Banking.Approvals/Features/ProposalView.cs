using System.Text.Json.Nodes;
using Banking.Approvals.Domain;
using Banking.Commands.Decisions;
using Banking.EventStore.Published;
using Banking.EventStore.Sealing;

namespace Banking.Approvals.Features;

/// <summary>A proposal of a command.</summary>
/// <param name="CommandHash">SHA-256 of the command as the bank stored it; an approval names it.</param>
/// <param name="ReasonCode">The reason of the command, given by the proposer.</param>
/// <param name="ApprovalReasons">Codes of the rules that require an approval; empty if the command could be sent directly.</param>
/// <param name="ReliesOn">What must be the same at the approval, or makes the proposal void.</param>
/// <param name="MayNotExceed">What may be smaller at the approval, in minor units, but not larger.</param>
/// <param name="DecidedBy">The actor who approved or rejected it.</param>
/// <param name="EndedAt">Absent while it is open.</param>
/// <param name="Result">The path of what the command made.</param>
/// <param name="Refusal">Why the command was refused when it was approved.</param>
/// <param name="Changed">The names of what had changed when it was approved.</param>
public sealed record ProposalView(
    string Id, ProposalStatus Status, ProposedCommandView Command, string CommandHash, string? ReasonCode, string? Reason,
    IReadOnlyList<string> ApprovalReasons, IReadOnlyDictionary<string, string> ReliesOn, IReadOnlyDictionary<string, long> MayNotExceed,
    string ProposedBy, DateTimeOffset ProposedAt, DateTimeOffset ExpiresAt, string? DecidedBy, DateTimeOffset? EndedAt, string? Result,
    ProposalRefusalView? Refusal, IReadOnlyList<string>? Changed, long Version)
{
    /// <summary>With what is sealed in the command, opened.</summary>
    internal static ProposalView Of(Proposal p, SealedMembers texts) => Of(p, texts.Open);

    /// <summary>Without what is sealed in the command: answers to commands are kept as receipts.</summary>
    internal static ProposalView Kept(Proposal p, SealedMembers texts) => Of(p, texts.Without);

    /// <summary>With what is sealed in the command, as it is stored.</summary>
    internal static ProposalView AsStored(Proposal p) => Of(p, stored => stored);

    private static ProposalView Of(Proposal p, Func<JsonNode?, JsonNode?> show)
    {
        var seen = p.Seen();
        return new(
            ProposalDecisions.PublicIdOf(p), p.Status, ProposedCommandView.Of(p, show), p.CommandHash, p.ReasonCode, p.ReasonText,
            seen.Reasons, seen.Facts, seen.Limits, p.ProposedBy, p.ProposedAt, p.ExpiresAt, p.DecidedBy, p.EndedAt, p.Result,
            p.Refusal is { } refusal ? new(refusal.Code, refusal.Detail, JsonNode.Parse(refusal.Facts)) : null,
            p.Changed?.Split(' '), p.Version);
    }
}

/// <summary>The command of a proposal.</summary>
/// <param name="Type">Its permanent name.</param>
/// <param name="Fields">Its members as given, with money as decimal strings. The answer to a command leaves a counterparty out.</param>
public sealed record ProposedCommandView(string Type, JsonNode? Fields)
{
    internal static ProposedCommandView Of(Proposal proposal, Func<JsonNode?, JsonNode?> show)
    {
        var command = CommandData.Parse(proposal.Command);
        return new(command.Type, PublicEventData.WithMoney(show(JsonObject.Create(command.Fields))));
    }
}

/// <summary>The refusal of an approved command.</summary>
/// <param name="Facts">What the decision saw.</param>
public sealed record ProposalRefusalView(string Code, string Detail, JsonNode? Facts);
