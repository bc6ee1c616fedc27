using Banking.Commands.Decisions;
using Banking.Commands.Groups;

namespace Banking.Commands.Approvals;

/// <summary>
/// The part of a proposal in the decision of its command: it is made instead of the command, or the command is carried out because it was
/// approved. Proposal and command are decided and stored in one transaction.
/// </summary>
public abstract class ProposalStep
{
    /// <summary>The stream of the proposal.</summary>
    public abstract JoinedStream Stream { get; }

    /// <summary>Decides both.</summary>
    /// <param name="basis">What the approval relies on, as it is now.</param>
    /// <param name="decide">Decides the command as an approved one.</param>
    /// <param name="locate">Returns the path of what the events of the command make; null if that has none.</param>
    public abstract Decision Decide(
        CommandBasis basis, Func<Decision> decide, Func<IReadOnlyList<NewEvent>, string?> locate, DateTimeOffset now);

    /// <summary>Makes the answer from the proposal after the decision.</summary>
    public abstract CommandAnswer Answer();
}

/// <summary>The answer to a proposed command.</summary>
/// <param name="CommandHash">SHA-256 of the command as the bank stored it; an approval names it.</param>
/// <param name="ApprovalReasons">Codes of the rules that require an approval; empty if the command could be sent directly.</param>
/// <param name="ExpiresAt">From then on the proposal cannot be approved.</param>
public sealed record ProposedView(
    string Id, string CommandHash, IReadOnlyList<string> ApprovalReasons, DateTimeOffset ExpiresAt, long Version);
