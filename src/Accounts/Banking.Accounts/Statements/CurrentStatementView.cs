using Banking.Accounts.Statements.Domain;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;

namespace Banking.Accounts.Statements;

/// <summary>Shows a statement, or the schedule of an account's statements as it is now.</summary>
internal sealed class CurrentStatementView(StateReader<AccountStatements> states) : ICurrentView
{
    public string StreamType => AccountStatements.StreamType;

    public async Task<CurrentView?> FindAsync(ExpiredAnswer answer, CancellationToken ct) =>
        answer.Last.Data is StatementIssued issued ? new(StatementView.Of(issued))
        : await states.FindAsync(answer.Last.StreamId, ct) is { } now
            ? new(StatementScheduleView.Of(now.Account, now.Schedule), now.Version)
        : null;
}
