using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Platform.Commands;
using Banking.Platform.EventSourcing;
using Banking.Platform.Http;
using Banking.Platform.Security;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine;
using Wolverine.Http;

namespace Banking.Accounts.Features;

/// <summary>Opens an account for a customer.</summary>
/// <param name="CustomerId">Public id of the owner.</param>
/// <param name="Currency">ISO 4217 code; the account's for ever.</param>
/// <param name="Product">What kind of account: current unless said otherwise.</param>
/// <param name="OverdraftLimit">Decimal string in the currency, zero or more; none when left out.</param>
/// <param name="Number">An account number of the caller's choice; the bank gives one when left out.</param>
/// <param name="EffectiveAt">When it counts; now when left out. Only staff may set it, never to the future.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record OpenAccountRequest(
    string CustomerId, string Currency, string? Product = null, string? OverdraftLimit = null, string? Number = null,
    DateTimeOffset? EffectiveAt = null, string? Reason = null);

public static class OpenAccountEndpoint
{
    [WolverinePost("/v1/accounts")]
    [Creates("an account")]
    [Tags("Accounts")]
    [EndpointSummary("Open an account")]
    [Authorize(Policies.Onboard)]
    [ProducesResponseType<AccountView>(StatusCodes.Status201Created)]
    public static Task<IResult> Post(OpenAccountRequest request, OpeningDesk desk, HttpContext http) =>
        desk.HttpAsync(http, key => Read(key, request));

    private static (OpenAccount? Command, Refusal? Problem) Read(string key, OpenAccountRequest request)
    {
        if (!Currency.TryParse(request.Currency, out var currency))
        {
            return (
                null,
                Problems.Malformed("unknown_currency", "The currency is not an active ISO 4217 currency.", "#/currency", status: 422));
        }

        AccountNumber? number = null;
        if (request.Number is not null)
        {
            if (!AccountNumber.TryParse(request.Number, out var parsed))
            {
                return (null, OpenAccountHandler.InvalidNumber);
            }

            number = parsed;
        }

        Money? limit = null;
        if (request.OverdraftLimit is not null)
        {
            var (parsed, problem) = ChangeOverdraftLimitHandler.ReadLimit(request.OverdraftLimit, currency, "#/overdraftLimit");
            if (problem is not null)
            {
                return (null, problem);
            }

            limit = parsed;
        }

        return (
            new(key, request.CustomerId, currency, request.Product ?? "current", limit, number, request.EffectiveAt, request.Reason), null);
    }
}

public static class OpenAccountHandler
{
    internal static readonly CommandShape<OpenAccount> Shape = new(
        "accounts.open-account.v1", c => c.CommandId, c => (null, c.Reason), Check)
    {
        Kept = c => c with { EffectiveAt = c.EffectiveAt?.CutToMicroseconds() },
    };

    internal static Refusal InvalidNumber =>
        Problems.Malformed(
            "invalid_account_number",
            "Not an account number: an IBAN with the structure of its country and valid check digits.",
            "#/number",
            status: 422);

    public static Task<Outcome> Handle(OpenAccount command, Envelope envelope, OpeningDesk desk, CancellationToken ct) =>
        desk.BusAsync(command, envelope, ct);

    private static Refusal? Check(OpenAccount command) =>
        Features.Shape.Text("product", command.Product ?? "", 40)
        ?? Features.Shape.Text("reason", command.Reason, 500)
        ?? Features.Shape.Time(command.EffectiveAt)
        ?? (Currency.TryParse(command.Currency.Code, out var active) && active == command.Currency
            ? null
            : Problems.Malformed("unknown_currency", "The currency is not an active ISO 4217 currency.", "#/currency", status: 422))
        ?? (command.Number is { } number && !AccountNumber.TryParse(number.Value, out _) ? InvalidNumber : null)
        ?? (
            command.OverdraftLimit is { IsNegative: true } or { Minor: > Guards.LargestAmount }
                ? Problems.Malformed(
                    "invalid_amount",
                    "An overdraft limit is zero or more and not beyond what this bank can keep.",
                    "#/overdraftLimit",
                    status: 422)
                : null)
        ?? (
            command.OverdraftLimit is { } limit && limit.Currency != command.Currency
                ? Problems.Malformed(
                    "currency_mismatch", "The overdraft limit is in another currency than the account.", "#/overdraftLimit", status: 422)
                : null);

    internal static Decision Decide(
        OpenAccount command, Guid id, Guid owner, AccountNumber number, Guid eventId, DateTimeOffset now, BackdatingRule rule) =>
        EffectiveTime.Of(command.EffectiveAt, now, rule).Problem() is { } refusal
            ? new Decision.Refused(refusal)
            : new Decision.Accepted(new NewEvent(id, eventId, new AccountOpened(
                number,
                owner,
                command.Product,
                command.OverdraftLimit ?? Money.Zero(command.Currency),
                EffectiveTime.Resolve(command.EffectiveAt, now))));
}
