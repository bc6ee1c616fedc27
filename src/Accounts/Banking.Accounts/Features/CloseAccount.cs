using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Platform;
using Banking.Platform.Commands;
using Banking.Platform.EventSourcing;
using Banking.Platform.Http;
using Banking.Platform.Security;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine;
using Wolverine.Http;

namespace Banking.Accounts.Features;

/// <summary>Closes an account.</summary>
/// <param name="ReasonCode">Lower-case letters, digits, - and _.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record CloseRequest(string ReasonCode = "", string Reason = "");

public static class CloseAccountEndpoint
{
    [WolverinePost("/v1/accounts/{account}/close")]
    [HonoursIfMatch]
    [Tags("Accounts")]
    [EndpointSummary("Close an account whose balance is zero")]
    [Authorize(Policies.ControlAccounts)]
    [ProducesResponseType<AccountView>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(string account, CloseRequest request, AccountDesk desk, HttpContext http) =>
        desk.HttpAsync(http, keyRequired: false, CloseAccountHandler.Slice,
            key => (new CloseAccount(key, account, request.ReasonCode, request.Reason), null));
}

public static class CloseAccountHandler
{
    internal static readonly Slice<CloseAccount> Slice = new(
        new("accounts.close-account.v1", c => c.CommandId, c => (c.ReasonCode, c.Reason), c => Reasons.Problem(c.ReasonCode, c.Reason)),
        c => [new(c.Account, null, nameof(c.Account))],
        (c, accounts, ids, now, _) => Decide(accounts[0], ids.First, now),
        (_, accounts, _, _) => new(StatusCodes.Status200OK, AccountView.Of(accounts[0]), accounts[0].Id));

    public static Task<Outcome> Handle(CloseAccount command, Envelope envelope, AccountDesk desk, CancellationToken ct) =>
        desk.BusAsync(command, envelope, Slice, ct);

    internal static Decision Decide(Account account, Guid id, DateTimeOffset now) => account switch
    {
        { Status: AccountStatus.Closed } => new Decision.Refused(Guards.Open(account)!),
        { DebitFrozen: true } or { CreditFrozen: true } => new Decision.Refused(Refusal.Of(
            "account_frozen", 422, "A frozen account is not closed: unfreeze it first.",
            ("frozen", new FrozenView(account.DebitFrozen, account.CreditFrozen)))),
        { Balance.IsZero: false } => new Decision.Refused(Refusal.Of(
            "balance_not_zero", 422, "An account is closed only at a balance of zero.", ("balance", Amount.Of(account.Balance)))),
        _ => new Decision.Accepted(new NewEvent(account.Id, id, new AccountClosed(now)))
        {
            Messages = [new AccountWasClosed(id, account.Id, now)],
        },
    };
}
