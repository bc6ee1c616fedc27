using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.Accounts.Statements.Domain;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.EventStore.Json;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.Statements;

/// <summary>Sets when statements of an account are issued without a request.</summary>
/// <param name="Frequency">none, monthly, weekly or each-transaction.</param>
public sealed record StatementScheduleRequest(StatementFrequency Frequency);

/// <summary>The schedule of an account's statements.</summary>
/// <param name="Since">When it was set; absent if none ever was.</param>
public sealed record StatementScheduleView(string AccountId, StatementFrequency Frequency, DateTimeOffset? Since)
{
    internal static StatementScheduleView Of(Guid account, StatementSchedule? schedule) =>
        new(Accounts.Domain.AccountId.Format(account), schedule?.Frequency ?? StatementFrequency.None, schedule?.Since);
}

public static class StatementScheduleEndpoint
{
    [WolverinePost("/v1/accounts/{account}/statement-schedule", OperationId = "setStatementSchedule")]
    [RunsCommand]
    [Tags("Statements")]
    [EndpointSummary("Set when statements are issued without a request")]
    [EndpointDescription("Sets the schedule of an account's statements. It replaces the one before.")]
    [Authorize(Policies.IssueStatements)]
    [Problems("account_not_found", "account_closed", "schedule_unchanged", "unknown_value", "overloaded")]
    [ProducesResponseType<StatementScheduleView>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(string account, StatementScheduleRequest request, StatementCommands commands, HttpContext http) =>
        commands.SetScheduleAsync(http, key => (new SetStatementSchedule(key, account, request.Frequency), null));

    [WolverineGet("/v1/accounts/{account}/statement-schedule", OperationId = "getStatementSchedule")]
    [Tags("Statements")]
    [EndpointSummary("Get when statements are issued without a request")]
    [EndpointDescription("Gets the schedule of an account's statements.")]
    [Authorize(Policies.Read)]
    [Problems("account_not_found")]
    [ProducesResponseType<StatementScheduleView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        string account, AccountReader reader, StateReader<AccountStatements> states, HttpContext http)
    {
        if (await reader.FindAsync(account, http) is not { } found)
        {
            return new ProblemResult(Visibility.NotFound(account));
        }

        var statements = await states.FindAsync(AccountStatements.IdOf(found.Id), http.RequestAborted);
        return TypedResults.Json(StatementScheduleView.Of(found.Id, statements?.Schedule), ApiJson.Options);
    }
}

/// <param name="Account">Public id or account number.</param>
internal sealed record SetStatementSchedule(string CommandId, string Account, StatementFrequency Frequency);

internal static class SetStatementScheduleDecision
{
    internal static readonly CommandShape<SetStatementSchedule> Shape =
        new("accounts.set-statement-schedule.v1", c => c.CommandId, _ => (null, null), _ => null);

    internal static Decision Decide(
        StatementFrequency frequency, Account account, AccountStatements? statements, Guid eventId, DateTimeOffset now)
    {
        var current = statements?.Schedule?.Frequency ?? StatementFrequency.None;
        if ((frequency == StatementFrequency.None ? null : Guards.CheckOpen(account)) is { } closed)
        {
            return new Decision.Refused(closed);
        }

        return current == frequency
            ? new Decision.Refused(Refusal.Conflict(
                "schedule_unchanged", "The account has this schedule already.", ("frequency", frequency)))
            : new Decision.Accepted(new NewEvent(
                AccountStatements.IdOf(account.Id), eventId, new StatementScheduleSet(account.Id, frequency, now)))
            {
                Due = [.. IssueScheduledStatement.Next(
                    account.Id, (statements?.Version ?? 0) + 1, frequency, DateOnly.FromDateTime(now.UtcDateTime))],
            };
    }
}
