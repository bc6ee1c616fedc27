using System.Text.Json;
using Banking.Approvals.Domain;
using Banking.Commands.Decisions;
using Banking.EventStore.Sealing;
using Banking.ReadModels.Comparing;

namespace Banking.Approvals.Features;

/// <summary>Makes the answers to the proposal of a command, and to what ends the proposal.</summary>
internal static class ProposalAnswers
{
    /// <summary>Makes them again from the log.</summary>
    public static AnswerRule<Proposal> RuleOf(SealedMembers texts) => new(command =>
        command.First.Data is CommandProposed ? Proposed(command.State)
        : ShowsAll(command.Stored, texts) ? CommandAnswer.Changed(ProposalView.AsStored(command.State), command.Stream)
        : Ended(command.State, texts));

    public static CommandAnswer Proposed(Proposal proposal) =>
        CommandAnswer.Created(ProposeStep.View(proposal), proposal.Id, Proposals.Address(proposal.Id)) with { IsProposed = true };

    public static CommandAnswer Ended(Proposal proposal, SealedMembers texts) =>
        CommandAnswer.Changed(ProposalView.Kept(proposal, texts), proposal.Id);

    /// <summary>
    /// Whether an answer has a member that is sealed since: such answers were kept before, and their proposals have it as plain as they.
    /// </summary>
    private static bool ShowsAll(JsonElement? stored, SealedMembers texts) =>
        stored is { } answer && answer.TryGetProperty("command", out var command) && texts.AreIn(command);
}
