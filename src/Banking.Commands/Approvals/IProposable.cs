using Banking.Commands.Decisions;
using Banking.Commands.Receipts;

namespace Banking.Commands.Approvals;

/// <summary>A kind of command that can be proposed. The module that decides it registers it.</summary>
public interface IProposable
{
    /// <summary>The permanent name of the command, with a version.</summary>
    string Name { get; }

    /// <summary>The authorization policy of the command: an approver must be allowed to send the command directly.</summary>
    string Policy { get; }

    /// <summary>Decides a proposed command again, together with its proposal.</summary>
    Task<Outcome> RunAsync(CommandData command, CommandContext context, ProposalStep step, CancellationToken ct);
}

/// <summary>A command that was proposed, and not carried out until now.</summary>
/// <param name="Status">What became of the proposal.</param>
/// <param name="Address">The path of the proposal.</param>
public sealed record ProposedCommand(CommandData Command, string Status, DateTimeOffset ProposedAt, string Address);

/// <summary>Commands that contain a JSON object and name something by one of several texts.</summary>
/// <param name="Json">A part of the command, in the form of <see cref="CommandData"/>.</param>
/// <param name="Field">The field of the command that has one of the texts.</param>
/// <param name="Texts">Without spaces and in capital letters: the field is compared in this form.</param>
public sealed record CommandPattern(string Json, string Field, IReadOnlyList<string> Texts);

/// <summary>Makes and finds proposals of commands. The module Approvals implements it.</summary>
public interface IProposals
{
    /// <summary>Returns the step that stores the command as a proposal instead of carrying it out.</summary>
    ProposalStep Propose(CommandData command, CommandContext context);

    /// <summary>Returns commands that were proposed and not carried out; the newest first.</summary>
    /// <param name="patterns">Each command found fits one of them.</param>
    /// <param name="limit">The newest so many are returned; all proposals are searched.</param>
    Task<IReadOnlyList<ProposedCommand>> NotExecutedAsync(IReadOnlyList<CommandPattern> patterns, int limit, CancellationToken ct);
}
