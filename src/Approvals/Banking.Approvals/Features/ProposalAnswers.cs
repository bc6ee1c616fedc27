using Banking.Approvals.Domain;
using Banking.Commands.Decisions;
using Banking.ReadModels.Comparing;

namespace Banking.Approvals.Features;

/// <summary>Makes the answers to the proposal of a command, and to what ends the proposal.</summary>
internal static class ProposalAnswers
{
    /// <summary>Makes them again from the log.</summary>
    public static AnswerRule<Proposal> Rule { get; } = new(
        command => command.First.Data is CommandProposed ? Proposed(command.State) : Ended(command.State));

    public static CommandAnswer Proposed(Proposal proposal) =>
        CommandAnswer.Created(ProposeStep.View(proposal), proposal.Id, Proposals.Address(proposal.Id)) with { IsProposed = true };

    public static CommandAnswer Ended(Proposal proposal) => CommandAnswer.Changed(ProposalView.Of(proposal), proposal.Id);
}
