using Banking.Accounts.Domain;
using Banking.Accounts.Statements.Domain;
using Banking.Commands.Decisions;
using Banking.SharedKernel;

namespace Banking.Accounts.Statements;

/// <summary>
/// Issues the statement of a period that a schedule asks for. The due table submits it when the period has ended; its decision schedules
/// the next.
/// </summary>
/// <param name="Schedule">The version of the stream at which the schedule was set. Another schedule ends the series.</param>
internal sealed record IssueScheduledStatement(Guid Account, long Schedule, DateOnly From, DateOnly To)
{
    /// <summary>The stored name of the due command.</summary>
    public const string Operation = "accounts.issue-scheduled-statement.v1";

    /// <summary>The command for the period that contains a day; none if the frequency has no periods.</summary>
    public static IEnumerable<DueCommand> Next(Guid account, long schedule, StatementFrequency frequency, DateOnly day)
    {
        if (StatementPeriods.Of(frequency, day) is var (from, to))
        {
            // A series asks for a period once.
            var id = DeterministicId.From(AccountStatements.IdOf(account), $"{schedule}:{from:O}");
            yield return new(id, Operation, StatementPeriods.Midnight(to), new IssueScheduledStatement(account, schedule, from, to));
        }
    }

    internal static Decision Decide(
        IssueScheduledStatement command, PreparedStatement prepared, AccountStatements? statements, Guid eventId)
    {
        if (statements?.Schedule is not { } schedule || schedule.Version != command.Schedule)
        {
            return new Decision.Refused(Refusal.Conflict("schedule_changed", "The account has another schedule of statements since."));
        }

        if (prepared.Account is { Status: AccountStatus.Closed } account && account.RecordedAt < StatementPeriods.Midnight(command.From))
        {
            return new Decision.Refused(Guards.CheckOpen(account)!);
        }

        var decision = statements.LastOf(command.From, command.To) is { } issued
            ? new Decision.Accepted(new NewEvent(
                statements.Id, eventId, new ScheduledStatementSkipped(command.Account, command.From, command.To, issued.Statement)))
            : IssueStatementDecision.Decide(prepared, statements, eventId);
        return decision switch
        {
            Decision.Accepted accepted =>
                accepted with { Due = [.. Next(command.Account, command.Schedule, schedule.Frequency, command.To)] },
            // A refusal would end the series, for instance because a clock was set back. The row stays in the due table instead.
            Decision.Refused refused => new Decision.Rejected(refused.Refusal),
            _ => decision,
        };
    }
}
