using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Statements.Domain;
using Banking.Commands.Decisions;
using Banking.EventStore.Appending;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Banking.ReadModels.Comparing;
using JasperFx.Events;
using Npgsql;

namespace Banking.Accounts.Statements;

/// <summary>Checks that the next statement of each schedule with periods is in the due table, unless the account is closed.</summary>
internal sealed class ScheduleComparison : DueComparison
{
    /// <summary>Accounts that are closed: the series ends with the period in which the account was closed.</summary>
    private static readonly string Closed =
        $"""
        select stream_id from {SchemaNames.Events}.mt_events
        where stream_id = any($1) and type = '{EventNames.All[typeof(AccountClosed)]}'
        """;

    /// <summary>The keys of the due commands that were decided. Their events are in the streams of statements.</summary>
    private const string Decided =
        $"""
        select headers ->> '{HeaderNames.IdempotencyKey}' from {SchemaNames.Events}.mt_events
        where stream_id = any($1) and headers ->> '{HeaderNames.Operation}' = '{IssueScheduledStatement.Operation}'
        """;

    protected override async Task<IReadOnlyList<(Guid Stream, DueCommand Due)>> WaitsAsync(
        NpgsqlConnection snapshot, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events, CancellationToken ct)
    {
        var scheduled = events
            .Where(s => s.Value is [{ Data: StatementIssued or StatementScheduleSet or StatementScheduleImported }, ..])
            .Select(s => StreamFold.Of<AccountStatements>(s.Key, s.Value)!)
            .Where(s => s.Schedule?.Frequency is StatementFrequency.Monthly or StatementFrequency.Weekly)
            .ToList();
        if (scheduled.Count == 0)
        {
            return [];
        }

        var closed = (await snapshot.ListAsync(
            Closed, [scheduled.Select(s => s.Account).ToArray()], row => row.GetGuid(0), ct, timeoutSeconds: 0)).ToHashSet();
        var decided = (await snapshot.ListAsync(
            Decided, [scheduled.Select(s => s.Id).ToArray()], row => row.GetOrDefault<string>(0), ct, timeoutSeconds: 0)).ToHashSet();
        return [.. scheduled.Where(s => !closed.Contains(s.Account)).Select(s => (s.Id, Next(s, decided)))];
    }

    /// <summary>The command for the first period of the schedule that was not decided.</summary>
    private static DueCommand Next(AccountStatements statements, HashSet<string?> decided)
    {
        var schedule = statements.Schedule!;
        var day = DateOnly.FromDateTime(schedule.Since.UtcDateTime);
        while (true)
        {
            var due = IssueScheduledStatement.Next(statements.Account, schedule.Version, schedule.Frequency, day).Single();
            if (!decided.Contains(due.Key))
            {
                return due;
            }

            day = ((IssueScheduledStatement)due.Command).To;
        }
    }
}
