using System.ComponentModel.DataAnnotations;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Views;
using Banking.Commands.Approvals;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine;
using Wolverine.Http;

namespace Banking.Accounts.Features;

/// <summary>Freezes an account for debits, credits or both.</summary>
/// <param name="ReasonCode">Lower-case letters, digits, - and _.</param>
/// <param name="Reason">The reason in words.</param>
public sealed record FreezeRequest(
    FreezeScope Scope,
    [property: Required, StringLength(50, MinimumLength = 1), RegularExpression("^[a-z0-9_-]+$")] string ReasonCode = "",
    [property: Required, StringLength(500, MinimumLength = 1)] string Reason = "");

public static class FreezeAccountEndpoint
{
    [WolverinePost("/v1/accounts/{account}/freeze", OperationId = "freezeAccount")]
    [RunsCommand]
    [HonoursIfMatch]
    [CanBeProposed]
    [Tags("Accounts")]
    [EndpointSummary("Freeze an account for debits, credits or both")]
    [EndpointDescription("Freezes an account, so that debits, credits or both are refused until it is unfrozen.")]
    [Authorize(Policies.ControlAccounts)]
    [Problems("account_not_found", "account_closed", "already_frozen", "unknown_value", "invalid_text", "reason_required", "overloaded")]
    [ProducesResponseType<AccountView>(StatusCodes.Status200OK)]
    [ProducesResponseType<ProposedView>(StatusCodes.Status202Accepted)]
    public static Task<IResult> Post(string account, FreezeRequest request, AccountCommands commands, HttpContext http) =>
        commands.HttpAsync(http, FreezeAccountHandler.Definition,
            key => (new FreezeAccount(key, account, request.Scope, request.ReasonCode, request.Reason), null));
}

public static class FreezeAccountHandler
{
    internal static readonly CommandDefinition<FreezeAccount> Definition = new(
        new("accounts.freeze-account.v1", c => c.CommandId, c => (c.ReasonCode, c.Reason),
            c => CommandValidation.CheckEnum("scope", c.Scope) ?? Reasons.Problem(c.ReasonCode, c.Reason)),
        c => [new(c.Account, null, nameof(c.Account))],
        (c, accounts, ids, now, _) => Decide(c, accounts[0], ids.First, now));

    public static Task<CommandReply> Handle(FreezeAccount command, Envelope envelope, AccountCommands commands, CancellationToken ct) =>
        commands.BusAsync(command, envelope, Definition, ct);

    internal static Decision Decide(FreezeAccount command, Account account, Guid id, DateTimeOffset now)
    {
        if (Guards.CheckOpen(account) is { } closed)
        {
            return new Decision.Refused(closed);
        }

        var debit = account.DebitFrozen || command.Scope == FreezeScope.Credit;
        var credit = account.CreditFrozen || command.Scope == FreezeScope.Debit;
        return debit && credit
            ? new Decision.Refused(Refusal.Conflict("already_frozen", "The account is already frozen for these movements.",
                ("frozen", new FrozenView(account.DebitFrozen, account.CreditFrozen))))
            : new Decision.Accepted(new NewEvent(account.Id, id, new AccountFrozen(command.Scope, now)));
    }
}
