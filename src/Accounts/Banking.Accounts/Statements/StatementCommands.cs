using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.Accounts.Statements.Domain;
using Banking.Accounts.Statements.Formats;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.Web.Commands;
using Microsoft.AspNetCore.Http;

namespace Banking.Accounts.Statements;

/// <summary>Routes commands on statements to their decisions. The content is read before the decision: reading takes time.</summary>
public sealed class StatementCommands(
    CommandRoute commandRoute,
    CommandGroup<AccountStatements> group,
    AccountReader accounts,
    StatementReader reader,
    TimeProvider clock)
{
    internal Task<IResult> IssueAsync(HttpContext http, Func<string, (IssueStatement? Command, Refusal? Problem)> read) =>
        commandRoute.HttpAsync(http, IssueStatementDecision.Shape, read, IssueAsync);

    private async Task<Outcome> IssueAsync(IssueStatement command, CommandContext context, CancellationToken ct)
    {
        if (await accounts.FindAsync(command.Account, context.Caller, ct) is not { } account)
        {
            return GroupOutcomes.Rejected(context, Visibility.NotFound(command.Account));
        }

        var (prepared, problem) = await PrepareAsync(account.Id, command.From, command.To, ct);
        return prepared is null
            ? GroupOutcomes.Rejected(context, problem!)
            : await SubmitAsync(prepared, context, () => CommandData.Of(IssueStatementDecision.Shape.Name, command), ct);
    }

    private async Task<(PreparedStatement? Statement, Refusal? Problem)> PrepareAsync(
        Guid id, DateOnly from, DateOnly to, CancellationToken ct)
    {
        if (await accounts.FindKnownAsync(id, ct) is not var (account, knownAt))
        {
            return (null, Visibility.NotFound(AccountId.Format(id)));
        }

        var (content, problem) = await reader.ReadAsync(account, from, to, account.Version, ct);
        return content is null ? (null, problem) : (new(account, knownAt, content, JsonFormat.Hash(content)), null);
    }

    private Task<Outcome> SubmitAsync(PreparedStatement prepared, CommandContext context, Func<CommandData> data, CancellationToken ct)
    {
        var (id, eventId) = (AccountStatements.IdOf(prepared.Account.Id), Ids.Next(clock));
        return group.SubmitAsync(
            new(
                context,
                [id],
                _ => null,
                (states, _) => IssueStatementDecision.Decide(prepared, states.Find(id), eventId),
                (_, events, _) => Issued(id, (StatementIssued)events[0].Data),
                data),
            ct);
    }

    private static CommandAnswer Issued(Guid stream, StatementIssued issued) =>
        CommandAnswer.Created(StatementView.Of(issued), stream, $"/v1/statements/{StatementId.Format(issued.Statement)}");
}
