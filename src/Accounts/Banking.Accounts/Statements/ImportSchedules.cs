using Banking.Accounts.Contracts;
using Banking.Accounts.Features;
using Banking.Accounts.Statements.Domain;
using Banking.Commands.Imports;

namespace Banking.Accounts.Statements;

/// <summary>Makes the streams of statements of imported accounts. Each begins with the schedule of its source.</summary>
internal static class ImportSchedules
{
    public static IEnumerable<HistoryStream> ToStreams(IEnumerable<AccountHistory> accounts) =>
        accounts.Where(a => a.Statements != StatementFrequency.None).Select(ToStream);

    private static HistoryStream ToStream(AccountHistory account) => new(
        AccountStatements.IdOf(account.AccountId),
        [
            new(
                ImportedIds.Schedule(AccountStatements.IdOf(account.AccountId)),
                ImportAccounts.Key(account.Source) + "/statements",
                new StatementScheduleImported(account.AccountId, account.Statements, account.Source),
                account.Source),
        ],
        [])
    {
        // The first version of the stream sets the schedule. The first statement is that of the period in which the account is imported.
        Due = now => [.. IssueScheduledStatement.Next(account.AccountId, 1, account.Statements, DateOnly.FromDateTime(now.UtcDateTime))],
    };
}
