using Banking.Commands.Decisions;
using Banking.Notifications.Domain;
using Banking.SharedKernel;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Notifications.Features;

/// <summary>Subscribes to notifications about an account.</summary>
/// <param name="Account">The account, acc_….</param>
/// <param name="Types">Types of published events about accounts; all movements if left out.</param>
/// <param name="Minimum">Only movements of at least this amount, in the currency of the account.</param>
public sealed record SubscribeRequest(string Account, IReadOnlyList<string>? Types = null, Amount? Minimum = null);

/// <summary>A subscription in an answer.</summary>
/// <param name="CustomerId">The subscribing customer; absent if staff made it.</param>
/// <param name="CancelledAt">Absent if the subscription is active.</param>
public sealed record SubscriptionView(
    string Id,
    string Account,
    string? CustomerId,
    IReadOnlyList<string> Types,
    Amount? Minimum,
    DateTimeOffset MadeAt,
    DateTimeOffset? CancelledAt,
    long Version)
{
    internal static SubscriptionView Of(Subscription s) =>
        new(
            PublicId.Format(Subscription.Prefix, s.Id),
            PublicId.Format("acc", s.Account),
            s.Customer is { } customer ? PublicId.Format("cus", customer) : null,
            s.Types.Split(' '),
            s.Minimum is { } minimum ? Amount.Of(minimum) : null,
            s.MadeAt,
            s.CancelledAt,
            s.Version);
}

public static class SubscribeEndpoint
{
    [WolverinePost("/v1/notification-subscriptions", OperationId = "subscribe")]
    [RunsCommand]
    [Creates("a subscription")]
    [Tags("Notifications")]
    [EndpointSummary("Subscribe to notifications about an account")]
    [EndpointDescription("Subscribes to notifications about the movements or other events of an account.")]
    [Authorize(Policies.Subscribe)]
    [Problems(
        "account_not_found", "unknown_type", "minimum_without_amount", "unknown_currency", "currency_mismatch", "invalid_amount",
        "amount_not_positive", "overloaded")]
    [ProducesResponseType<SubscriptionView>(StatusCodes.Status201Created)]
    public static Task<IResult> Post(SubscribeRequest request, SubscriptionCommands commands, HttpContext http) =>
        commands.SubscribeAsync(http, key => Read(key, request));

    private static (Subscribe? Command, Refusal? Problem) Read(string key, SubscribeRequest request)
    {
        Money? minimum = null;
        if (request.Minimum is not null)
        {
            var (money, problem) = request.Minimum.Read("/minimum");
            if (problem is not null)
            {
                return (null, problem);
            }

            minimum = money;
        }

        return (new(key, request.Account, request.Types ?? NotifiableEvents.Movements, minimum), null);
    }
}

internal sealed record Subscribe(string CommandId, string Account, IReadOnlyList<string> Types, Money? Minimum);

internal static class SubscribeDecision
{
    internal static readonly CommandShape<Subscribe> Shape = new("notifications.subscribe.v1", c => c.CommandId, _ => (null, null), Check);

    /// <param name="currency">The currency of the account; null without a minimum.</param>
    internal static Decision Decide(
        Subscribe command, Guid id, Guid account, Currency? currency, Guid? customer, Guid eventId, DateTimeOffset now) =>
        command.Minimum is { } minimum && currency is { } known && CheckMinimum(minimum, known) is { } why
            ? new Decision.Rejected(why)
            : new Decision.Accepted(new NewEvent(id, eventId, new SubscriptionMade(
                account, customer, string.Join(' ', command.Types.Distinct().Order(StringComparer.Ordinal)), command.Minimum, now)));

    /// <summary>Without an exchange rate, a minimum in another currency would never be reached.</summary>
    private static Refusal? CheckMinimum(Money minimum, Currency account) => minimum.Currency.Code == account.Code
        ? null
        : Refusal.RuleBroken(
            "currency_mismatch", $"The account's currency is {account}, the minimum is in {minimum.Currency}.",
            ("accountCurrency", account.Code), ("amountCurrency", minimum.Currency.Code)) with
        { Pointer = "#/minimum/currency" };

    private static Refusal? Check(Subscribe command) => command.Types switch
    {
        [] => Refusal.Invalid("unknown_type", "types must name at least one type, or be left out.", "#/types"),
        _ when !command.Types.All(NotifiableEvents.Types.Contains) => Refusal.Invalid(
            "unknown_type", $"types must be among {string.Join(", ", NotifiableEvents.Types)}.", "#/types"),
        _ => command.Minimum is not null && !command.Types.All(NotifiableEvents.IsMovement)
            ? Refusal.Invalid("minimum_without_amount", "minimum requires that all types are movements.", "#/minimum")
            : null,
    };
}
