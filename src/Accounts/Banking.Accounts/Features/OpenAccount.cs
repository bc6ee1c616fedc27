using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Views;
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

/// <summary>Opens an account for a customer.</summary>
/// <param name="CustomerId">Public id of the owner.</param>
/// <param name="Currency">ISO 4217 code; it never changes.</param>
/// <param name="Product">The kind of account; current if left out.</param>
/// <param name="OverdraftLimit">How far the balance may go below zero; zero if left out. A decimal string is accepted too.</param>
/// <param name="Number">An account number chosen by the caller; the bank assigns one if left out.</param>
/// <param name="EffectiveAt">When the opening takes effect; now if left out. Only staff may set it, never to the future.</param>
/// <param name="Reason">The reason in words.</param>
public sealed record OpenAccountRequest(
    string CustomerId, string Currency, string? Product = null, LimitAmount? OverdraftLimit = null, string? Number = null,
    DateTimeOffset? EffectiveAt = null, string? Reason = null);

public static class OpenAccountEndpoint
{
    [WolverinePost("/v1/accounts", OperationId = "openAccount")]
    [RunsCommand]
    [Creates("an account")]
    [Tags("Accounts")]
    [EndpointSummary("Open an account")]
    [EndpointDescription("Opens an account for a customer. Its currency never changes.")]
    [Authorize(Policies.Onboard)]
    [Problems(
        "customer_not_found", "account_number_taken", "account_numbers_used", "effective_at_not_allowed", "effective_in_future",
        "effective_too_early", "period_closed",
        "invalid_account_number", "invalid_amount", "currency_mismatch", "invalid_text", "invalid_time", "unknown_currency", "overloaded")]
    [ProducesResponseType<AccountView>(StatusCodes.Status201Created)]
    public static Task<IResult> Post(OpenAccountRequest request, AccountOpening opening, HttpContext http) =>
        opening.HttpAsync(http, key => Read(key, request));

    private static (OpenAccount? Command, Refusal? Problem) Read(string key, OpenAccountRequest request)
    {
        if (!Currency.TryParse(request.Currency, out var currency))
        {
            return (
                null,
                Refusal.Invalid("unknown_currency", "The currency is not an active ISO 4217 currency.", "#/currency"));
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
        if (request.OverdraftLimit is { } given)
        {
            const string Pointer = "#/overdraftLimit";
            var (parsed, wrong) = ChangeOverdraftLimitHandler.ReadLimit(given.Value, currency, given.ValuePointer(Pointer));
            if ((given.CurrencyProblem(currency, Pointer) ?? wrong) is { } problem)
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

    internal static string AddressOf(Guid account) => $"/v1/accounts/{AccountId.Format(account)}";

    internal static Refusal InvalidNumber =>
        Refusal.Invalid(
            "invalid_account_number",
            "An account number is an IBAN with the structure of its country and valid check digits.",
            "#/number");

    public static Task<CommandReply> Handle(OpenAccount command, Envelope envelope, AccountOpening opening, CancellationToken ct) =>
        opening.BusAsync(command, envelope, ct);

    private static Refusal? Check(OpenAccount command) =>
        CommandValidation.CheckText("product", command.Product ?? "", 40)
        ?? CommandValidation.CheckText("reason", command.Reason, 500)
        ?? CommandValidation.CheckEffectiveAt(command.EffectiveAt)
        ?? (Currency.TryParse(command.Currency.Code, out var active) && active == command.Currency
            ? null
            : Refusal.Invalid("unknown_currency", "The currency is not an active ISO 4217 currency.", "#/currency"))
        ?? (command.Number is { } number && !AccountNumber.TryParse(number.Value, out _) ? InvalidNumber : null)
        ?? (
            command.OverdraftLimit is { IsNegative: true } or { Minor: > Guards.MaxAmount }
                ? Refusal.Invalid(
                    "invalid_amount",
                    "An overdraft limit is zero or more and does not exceed the largest limit of this bank.",
                    "#/overdraftLimit")
                : null)
        ?? (
            command.OverdraftLimit is { } limit && limit.Currency != command.Currency
                ? Refusal.Invalid(
                    "currency_mismatch", "The overdraft limit must be in the account's currency.", "#/overdraftLimit")
                : null);

    internal static Decision Decide(
        OpenAccount command, Guid id, Guid owner, AccountNumber number, Guid eventId, DateTimeOffset now, BackdatingRule rule) =>
        EffectiveTime.Of(command.EffectiveAt, now, rule).Check() is { } refusal
            ? new Decision.Refused(refusal)
            : new Decision.Accepted(new NewEvent(id, eventId, new AccountOpened(
                number,
                owner,
                command.Product,
                command.OverdraftLimit ?? Money.Zero(command.Currency),
                EffectiveTime.Resolve(command.EffectiveAt, now))));
}
