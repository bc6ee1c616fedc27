using Banking.Commands.Decisions;
using Banking.EventStore.Log;
using Banking.Publishing.Publishers;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Webhooks;

/// <summary>An endpoint that is to get events.</summary>
/// <param name="Url">Where to: https, a public address.</param>
/// <param name="Types">Types of published event, such as banking.account.money-deposited.v1; all of them when left out.</param>
/// <param name="Accounts">Accounts, acc_…; all of them when left out.</param>
/// <param name="Description">What it is for.</param>
/// <param name="From">now, beginning or a position of the log; now when left out.</param>
public sealed record RegisterWebhookRequest(
    string Url,
    IReadOnlyList<string>? Types = null,
    IReadOnlyList<string>? Accounts = null,
    string? Description = null,
    string? From = null);

public static class RegisterWebhookEndpoint
{
    /// <summary>Deliveries follow Standard Webhooks 1.0. What they are signed with is at /secret, and in no other answer.</summary>
    [WolverinePost("/v1/webhooks")]
    [Creates("a webhook")]
    [Tags("Webhooks")]
    [EndpointSummary("Register an endpoint that gets events")]
    [Authorize(Policies.ManageWebhooks)]
    [ProducesResponseType<WebhookView>(StatusCodes.Status201Created)]
    public static async Task<IResult> Post(RegisterWebhookRequest request, WebhookCommands desk, HighWaterMark mark, LogEnd log, HttpContext http)
    {
        // Now is settled now, and not when the destination is opened: what is booked in between is the first that it gets.
        var (from, wrong) = Start(request.From, await mark.LookAsync(http.RequestAborted));
        wrong ??= PositionBeyondEnd.Problem("from", from, await log.ReadAsync(http.RequestAborted), "#/from");
        return await desk.RegisterAsync(
            http,
            new CommandShape<RegisterWebhookRequest>(
                "publishing.register-webhook.v1", _ => "", _ => (null, null),
                r => desk.Problem(r.Types, r.Accounts, r.Description) ?? wrong),
            request, request.Url,
            (id, secret, eventId, now) => Decide(request, id, from, secret, eventId, now));
    }

    internal static Decision Decide(
        RegisterWebhookRequest request, Guid id, long from, WebhookSecret secret, Guid eventId, DateTimeOffset now) =>
        new Decision.Accepted(
            new NewEvent(
                id,
                eventId,
                new WebhookRegistered(
                    request.Url, Webhook.Join(request.Types), Webhook.Join(request.Accounts), request.Description, from, secret.Id, now)))
        {
            Documents = [secret],
        };

    private static (long Position, Refusal? Problem) Start(string? from, long now)
    {
        try
        {
            return (StartPosition.Parse(from ?? "now").Position ?? now, null);
        }
        catch (FormatException)
        {
            return (0, Problems.Malformed("malformed_from", "from is now, beginning or a position of the log.", "#/from", status: 422));
        }
    }
}
