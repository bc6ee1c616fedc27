using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Accounts.Lookups;
using Banking.Accounts.ReadModels;
using Banking.Accounts.Statements.Domain;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.Publishing.Contracts;
using Banking.Web.Commands;
using Microsoft.AspNetCore.Http;
using Wolverine;

namespace Banking.Accounts.Statements;

/// <summary>Routes commands on statements to their decisions. The content is read before the decision: reading takes time.</summary>
public sealed class StatementCommands(
    CommandRoute commandRoute,
    CommandGroup<AccountStatements> group,
    AccountReader accounts,
    StatementPreparation preparation,
    StateReader<AccountStatements> states,
    AccountResolver resolver,
    StoredAnswers answers,
    StatementLimits limits,
    TimeProvider clock)
{
    /// <summary>Accounts that get the statements of their movements at the same time. Their commands share transactions.</summary>
    private const int ParallelAccounts = 8;

    internal Task<IResult> IssueAsync(HttpContext http, Func<string, (IssueStatement? Command, Refusal? Problem)> read) =>
        commandRoute.HttpAsync(
            http, IssueStatementDecision.Shape, read, IssueAsync, (command, context, ct) => NormalizeAsync(command.Account, context, ct));

    internal Task<CommandReply> IssueAsync(IssueStatement command, Envelope envelope, CancellationToken ct) =>
        commandRoute.BusAsync(
            command, envelope, IssueStatementDecision.Shape, IssueAsync, ct,
            (c, context, token) => NormalizeAsync(c.Account, context, token));

    internal Task<IResult> SetScheduleAsync(
        HttpContext http, Func<string, (SetStatementSchedule? Command, Refusal? Problem)> read) =>
        commandRoute.HttpAsync(
            http, SetStatementScheduleDecision.Shape, read, SetScheduleAsync,
            (command, context, ct) => NormalizeAsync(command.Account, context, ct));

    /// <summary>Issues the statement of a period that ended, for a command of the due table.</summary>
    internal async Task<Outcome> IssueScheduledAsync(IssueScheduledStatement command, CommandContext context, CancellationToken ct)
    {
        if (await answers.FindAsync(context, ct) is { } answer)
        {
            return answer;
        }

        var (prepared, problem) = await preparation.OfPeriodAsync(command.Account, command.From, command.To, ct);
        return problem is { Kind: not RefusalKind.RuleBroken }
            ? GroupOutcomes.Rejected(context, problem)
            : await SubmitAsync(
                command.Account, context,
                (statements, id, _) => IssueScheduledStatement.Decide(command, prepared, problem, statements, id),
                () => CommandData.Of(IssueScheduledStatement.Operation, command), ct);
    }

    /// <summary>
    /// Issues a statement for each movement whose account has one after each transaction. Those of one account are numbered in the order of
    /// its movements.
    /// </summary>
    internal async Task IssueAfterAsync(IReadOnlyList<PublishedEvent> movements, Envelope envelope, CancellationToken ct)
    {
        var found = await states.FindAsync([.. movements.Select(m => AccountStatements.IdOf(m.Account)).Distinct()], ct);
        var accounts = movements
            .Where(m => IssueStatementAfter.IsWanted(found.GetValueOrDefault(AccountStatements.IdOf(m.Account)), m.Time))
            .GroupBy(m => m.Account);
        await Parallel.ForEachAsync(accounts, new ParallelOptions { MaxDegreeOfParallelism = ParallelAccounts }, async (account, _) =>
        {
            foreach (var m in account)
            {
                await commandRoute.BusAsync(
                    new IssueStatementAfter(m.Id, m.Account, m.StreamVersion!.Value, m.Time), envelope, IssueStatementAfter.Shape,
                    IssueAfterAsync, ct);
            }
        });
    }

    private async Task<Outcome> IssueAsync(IssueStatement command, CommandContext context, CancellationToken ct)
    {
        if (await accounts.FindAsync(command.Account, context.Caller, ct) is not { } account)
        {
            return GroupOutcomes.Rejected(context, Visibility.NotFound(command.Account));
        }

        // Before the period is read: it may have become too long since the command was answered.
        context = await NormalizeAsync(command.Account, context, ct);
        if (await answers.FindAsync(context, ct) is { } answer)
        {
            return answer;
        }

        var (prepared, problem) = await preparation.OfPeriodAsync(account.Id, command.From, command.To, ct);
        return prepared is null
            ? GroupOutcomes.Rejected(context, problem!)
            : await SubmitAsync(
                account.Id, context, (statements, id, _) => IssueStatementDecision.DecideRequest(prepared, statements, id, limits),
                () => CommandData.Of(IssueStatementDecision.Shape.Name, command), ct);
    }

    private async Task<Outcome> SetScheduleAsync(SetStatementSchedule command, CommandContext context, CancellationToken ct) =>
        await accounts.FindAsync(command.Account, context.Caller, ct) is not { } account
            ? GroupOutcomes.Rejected(context, Visibility.NotFound(command.Account))
            : await SubmitAsync(
                account.Id, await NormalizeAsync(command.Account, context, ct),
                (statements, id, now) => SetStatementScheduleDecision.Decide(command.Frequency, account, statements, id, now),
                () => CommandData.Of(SetStatementScheduleDecision.Shape.Name, command), ct);

    /// <summary>The same command with the account in another spelling is a repeat.</summary>
    private async Task<CommandContext> NormalizeAsync(string account, CommandContext context, CancellationToken ct)
    {
        var referenced = new ReferencedAccounts([new(account, null, nameof(IssueStatement.Account))], resolver);
        return await referenced.ResolveAsync(ct) is null ? referenced.Normalize(context) : context;
    }

    private async Task<Outcome> IssueAfterAsync(IssueStatementAfter command, CommandContext context, CancellationToken ct)
    {
        if (await accounts.FindAsync(AccountId.Format(command.Account), context.Caller, ct) is not { } account)
        {
            return GroupOutcomes.Rejected(context, Visibility.NotFound(AccountId.Format(command.Account)));
        }

        return await preparation.OfEntryAsync(account, command.Version, command.RecordedAt, ct) is { } prepared
            ? await SubmitAsync(
                account.Id, context, (statements, id, _) => IssueStatementAfter.Decide(command, prepared, statements, id),
                () => CommandData.Of(IssueStatementAfter.Shape.Name, command), ct)
            : GroupOutcomes.Rejected(context, Visibility.NotFound(AccountId.Format(command.Account)));
    }

    private Task<Outcome> SubmitAsync(
        Guid account, CommandContext context, Func<AccountStatements?, Guid, DateTimeOffset, Decision> decide, Func<CommandData> data,
        CancellationToken ct)
    {
        var (id, eventId) = (AccountStatements.IdOf(account), Ids.Next(clock));
        return group.SubmitAsync(
            new(
                context,
                [id],
                _ => null,
                (found, now) => decide(found.Find(id), eventId, now),
                (found, events, _) => StatementAnswers.Of(found[id], events[0].Data),
                data),
            ct);
    }
}
