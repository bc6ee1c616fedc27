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

/// <summary>Closes an account.</summary>
/// <param name="ReasonCode">Lower-case letters, digits, - and _.</param>
/// <param name="Reason">The reason in words.</param>
public sealed record CloseRequest(
    [property: Required, StringLength(50, MinimumLength = 1), RegularExpression("^[a-z0-9_-]+$")] string ReasonCode = "",
    [property: Required, StringLength(500, MinimumLength = 1)] string Reason = "");

public static class CloseAccountEndpoint
{
    [WolverinePost("/v1/accounts/{account}/close", OperationId = "closeAccount")]
    [RunsCommand]
    [HonoursIfMatch]
    [CanBeProposed]
    [Tags("Accounts")]
    [EndpointSummary("Close an account whose balance is zero")]
    [EndpointDescription("Closes an account for ever. Its balance must be zero, and it must not be frozen.")]
    [Authorize(Policies.ControlAccounts)]
    [Problems("account_not_found", "account_closed", "account_frozen", "balance_not_zero", "invalid_text", "reason_required", "overloaded")]
    [ProducesResponseType<AccountView>(StatusCodes.Status200OK)]
    [ProducesResponseType<ProposedView>(StatusCodes.Status202Accepted)]
    public static Task<IResult> Post(string account, CloseRequest request, AccountCommands commands, HttpContext http) =>
        commands.HttpAsync(http, CloseAccountHandler.Definition,
            key => (new CloseAccount(key, account, request.ReasonCode, request.Reason), null));
}

public static class CloseAccountHandler
{
    internal static readonly CommandDefinition<CloseAccount> Definition = new(
        new("accounts.close-account.v1", c => c.CommandId, c => (c.ReasonCode, c.Reason), c => Reasons.Problem(c.ReasonCode, c.Reason)),
        c => [new(c.Account, null, nameof(c.Account))],
        (c, accounts, ids, now, _) => Decide(accounts[0], ids.First, now));

    public static Task<CommandReply> Handle(CloseAccount command, Envelope envelope, AccountCommands commands, CancellationToken ct) =>
        commands.BusAsync(command, envelope, Definition, ct);

    internal static Decision Decide(Account account, Guid id, DateTimeOffset now) => account switch
    {
        { Status: AccountStatus.Closed } => new Decision.Refused(Guards.CheckOpen(account)!),
        { DebitFrozen: true } or { CreditFrozen: true } => new Decision.Refused(Refusal.RuleBroken(
            "account_frozen", "A frozen account cannot be closed: unfreeze it first.",
            ("frozen", new FrozenView(account.DebitFrozen, account.CreditFrozen)))),
        { Balance.IsZero: false } => new Decision.Refused(Refusal.RuleBroken(
            "balance_not_zero", "An account can be closed only if its balance is zero.", ("balance", Amount.Of(account.Balance)))),
        _ => new Decision.Accepted(new NewEvent(account.Id, id, new AccountClosed(now)))
        {
            Messages = [new AccountWasClosed(id, account.Id, now)],
        },
    };
}
