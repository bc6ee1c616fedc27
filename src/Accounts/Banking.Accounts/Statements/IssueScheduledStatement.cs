using Banking.Accounts.Contracts;
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
            yield return new(id, Operation, StatementPeriods.StatedFrom(to), new IssueScheduledStatement(account, schedule, from, to));
        }
    }

    /// <param name="prepared">What was read; null if there can be no statement of the period.</param>
    /// <param name="problem">Why there can be none.</param>
    internal static Decision Decide(
        IssueScheduledStatement command, PreparedStatement? prepared, Refusal? problem, AccountStatements? statements, Guid eventId)
    {
        if (statements?.Schedule is not { } schedule || schedule.Version != command.Schedule)
        {
            return new Decision.Refused(Refusal.Conflict("schedule_changed", "The account has another schedule of statements since."));
        }

        if (prepared?.Account is { Status: AccountStatus.Closed } account && account.RecordedAt < StatementPeriods.Midnight(command.From))
        {
            return new Decision.Refused(Guards.CheckOpen(account)!);
        }

        var decision = Conclude(command, prepared, problem, statements, eventId);
        return decision is Decision.Accepted accepted
            ? accepted with { Due = [.. Next(command.Account, command.Schedule, schedule.Frequency, command.To)] }
            : decision;
    }

    /// <summary>Issues or skips the period, or records why there can be no statement of it: one period must not end the series.</summary>
    private static Decision Conclude(
        IssueScheduledStatement command, PreparedStatement? prepared, Refusal? problem, AccountStatements statements, Guid eventId)
    {
        if (statements.LastOf(command.From, command.To) is { } issued)
        {
            return Accept(new ScheduledStatementSkipped(command.Account, command.From, command.To, issued.Statement));
        }

        var decision = prepared is null
            ? new Decision.Refused(problem!)
            : IssueStatementDecision.Decide(prepared, statements, eventId);
        return decision is Decision.Refused { Refusal.Code: var code }
            ? Accept(new ScheduledStatementFailed(command.Account, command.From, command.To, code))
            : decision;

        Decision.Accepted Accept(object @event) => new(new NewEvent(statements.Id, eventId, @event));
    }
}
