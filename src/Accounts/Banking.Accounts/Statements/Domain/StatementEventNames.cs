namespace Banking.Accounts.Statements.Domain;

/// <summary>The stored names of the events in streams of statements. A name never changes and never gets another shape.</summary>
public static class StatementEventNames
{
    public static readonly IReadOnlyDictionary<Type, string> All = new Dictionary<Type, string>
    {
        [typeof(StatementIssued)] = "accounts.statement-issued.v1",
        [typeof(StatementScheduleSet)] = "accounts.statement-schedule-set.v1",
        [typeof(StatementScheduleImported)] = "accounts.statement-schedule-imported.v1",
        [typeof(ScheduledStatementSkipped)] = "accounts.scheduled-statement-skipped.v1",
        [typeof(ScheduledStatementFailed)] = "accounts.scheduled-statement-failed.v1",
    };
}
