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

/// <summary>Cancels a subscription.</summary>
/// <param name="Reason">The reason in words; optional.</param>
public sealed record CancelSubscriptionRequest(string? Reason = null);

public static class CancelSubscriptionEndpoint
{
    /// <summary>Events recorded before the cancellation still give notifications.</summary>
    [WolverinePost("/v1/notification-subscriptions/{subscription}/cancel", OperationId = "cancelSubscription")]
    [RunsCommand]
    [HonoursIfMatch]
    [Tags("Notifications")]
    [EndpointSummary("Cancel a subscription")]
    [EndpointDescription("Cancels a subscription. Events that were recorded before still give notifications.")]
    [Authorize(Policies.Subscribe)]
    [Problems("subscription_not_found", "already_cancelled", "invalid_text", "overloaded")]
    [ProducesResponseType<SubscriptionView>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(
        string subscription, CancelSubscriptionRequest request, SubscriptionCommands commands, HttpContext http) =>
        commands.CancelAsync(http, key => (new CancelSubscription(key, subscription, request.Reason), null));
}

internal sealed record CancelSubscription(string CommandId, string Subscription, string? Reason);

internal static class CancelDecision
{
    internal static readonly CommandShape<CancelSubscription> Shape = new(
        "notifications.cancel.v1", c => c.CommandId, c => (null, c.Reason),
        c => PlainText.Problem(c.Reason, 500) is { } why ? Refusal.Invalid("invalid_text", why, "#/reason") : null);

    internal static Decision Decide(Subscription subscription, Guid eventId, DateTimeOffset now) => subscription.CancelledAt is { } at
        ? new Decision.Refused(Refusal.Conflict("already_cancelled", "The subscription is already cancelled.", ("cancelledAt", at)))
        : new Decision.Accepted(new NewEvent(subscription.Id, eventId, new SubscriptionCancelled(now)));
}
