using Banking.Accounts.Contracts;
using Banking.Accounts.Statements.Domain;
using Banking.Commands.Decisions;

namespace Banking.Accounts.Statements;

/// <summary>Issues the statement of one movement, for accounts with a statement after each transaction.</summary>
/// <param name="Event">The published event of the movement, evt_…; the key of the command.</param>
/// <param name="Version">The version of the movement in the account.</param>
/// <param name="RecordedAt">When the movement was recorded.</param>
internal sealed record IssueStatementAfter(string Event, Guid Account, long Version, DateTimeOffset RecordedAt)
{
    internal static readonly CommandShape<IssueStatementAfter> Shape =
        new("accounts.issue-statement-after.v1", c => c.Event, _ => (null, null), _ => null);

    internal static Decision Decide(
        IssueStatementAfter command, PreparedStatement prepared, AccountStatements? statements, Guid eventId) =>
        IsWanted(statements, command.RecordedAt)
            ? IssueStatementDecision.Decide(prepared, statements, eventId)
            : new Decision.Refused(Refusal.Conflict("schedule_changed", "The account has another schedule of statements since."));

    /// <summary>Whether the schedule asks for a statement of a movement that was recorded at this time.</summary>
    internal static bool IsWanted(AccountStatements? statements, DateTimeOffset recordedAt) =>
        statements?.Schedule is { Frequency: StatementFrequency.EachTransaction } schedule && schedule.Since <= recordedAt;
}
