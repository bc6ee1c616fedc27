using System.ComponentModel.DataAnnotations;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.Accounts.Views;
using Banking.Commands.Approvals;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.SharedKernel;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine;
using Wolverine.Http;

namespace Banking.Accounts.Features;

/// <summary>Changes the overdraft limit of an account.</summary>
/// <param name="Limit">In the account's currency, zero or more. A decimal string is accepted too.</param>
/// <param name="ReasonCode">Lower-case letters, digits, - and _.</param>
/// <param name="Reason">The reason in words.</param>
public sealed record OverdraftLimitRequest(
    LimitAmount Limit,
    [property: Required, StringLength(50, MinimumLength = 1), RegularExpression("^[a-z0-9_-]+$")] string ReasonCode = "",
    [property: Required, StringLength(500, MinimumLength = 1)] string Reason = "");

public static class ChangeOverdraftLimitEndpoint
{
    [WolverinePost("/v1/accounts/{account}/overdraft-limit", OperationId = "changeOverdraftLimit")]
    [RunsCommand]
    [HonoursIfMatch]
    [CanBeProposed]
    [Tags("Accounts")]
    [EndpointSummary("Change the overdraft limit")]
    [EndpointDescription("Changes how far the balance may go below zero. A limit that the balance exceeds already is refused.")]
    [Authorize(Policies.ControlAccounts)]
    [Problems(
        "account_not_found", "account_closed", "limit_below_use", "currency_mismatch", "invalid_amount", "invalid_text", "reason_required",
        "unknown_currency", "overloaded")]
    [ProducesResponseType<AccountView>(StatusCodes.Status200OK)]
    [ProducesResponseType<ProposedView>(StatusCodes.Status202Accepted)]
    public static async Task<IResult> Post(
        string account, OverdraftLimitRequest request, AccountCommands commands, AccountReader reader, HttpContext http)
    {
        // The command has the value alone: the account has one currency, which never changes.
        var problem = request.Limit.Currency is not null && await reader.FindAsync(account, http) is { } found
            ? request.Limit.CurrencyProblem(found.Currency, "#/limit")
                ?? ChangeOverdraftLimitHandler.ReadLimit(
                    request.Limit.Value, found.Currency, request.Limit.ValuePointer("#/limit")).Problem
            : null;
        return await commands.HttpAsync(http, ChangeOverdraftLimitHandler.Definition, key => problem is null
            ? (new ChangeOverdraftLimit(key, account, request.Limit.Value, request.ReasonCode, request.Reason), null)
            : (null, problem));
    }
}

public static class ChangeOverdraftLimitHandler
{
    internal static readonly CommandDefinition<ChangeOverdraftLimit> Definition = new(
        new(
            "accounts.change-overdraft-limit.v1",
            c => c.CommandId,
            c => (c.ReasonCode, c.Reason),
            c => Reasons.Problem(c.ReasonCode, c.Reason)),
        c => [new(c.Account, null, nameof(c.Account))],
        (c, accounts, ids, now, _) => Decide(c, accounts[0], ids.First, now));

    public static Task<CommandReply> Handle(
        ChangeOverdraftLimit command, Envelope envelope, AccountCommands commands, CancellationToken ct) =>
        commands.BusAsync(command, envelope, Definition, ct);

    internal static Decision Decide(ChangeOverdraftLimit command, Account account, Guid id, DateTimeOffset now)
    {
        if (Guards.CheckOpen(account) is { } closed)
        {
            return new Decision.Refused(closed);
        }

        var (limit, problem) = ReadLimit(command.Limit, account.Currency, "#/limit");
        return problem switch
        {
            // The limit is a number in the account's currency, so it can be read only here. A malformed one is rejected, not stored.
            not null => new Decision.Rejected(problem),
            _ when account.Balance < -limit => new Decision.Refused(Refusal.RuleBroken(
                "limit_below_use", "The balance is further below zero than this limit allows.",
                ("balance", Amount.Of(account.Balance)), ("limit", Amount.Of(limit)))),
            _ => new Decision.Accepted(new NewEvent(account.Id, id, new OverdraftLimitSet(limit, now))),
        };
    }

    internal static (Money Limit, Refusal? Problem) ReadLimit(string text, Currency currency, string pointer)
    {
        var (limit, problem) = Amount.ReadValue(text, currency, pointer.TrimStart('#'), zeroAllowed: true);
        return problem is null && limit.Minor > Guards.MaxAmount
            ? (default, Refusal.Invalid("invalid_amount", "The limit exceeds the largest limit of this bank.", pointer))
            : (limit, problem);
    }
}
