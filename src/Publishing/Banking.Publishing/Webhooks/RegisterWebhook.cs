using Banking.Commands.Decisions;
using Banking.EventStore.Log;
using Banking.Publishing.Publishers;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Webhooks;

/// <summary>A webhook endpoint to register.</summary>
/// <param name="Url">The address: https, with a public address.</param>
/// <param name="Types">Types of published events, such as banking.account.money-deposited.v1; all types when left out.</param>
/// <param name="Accounts">Accounts, acc_…; all accounts when left out.</param>
/// <param name="Description">The purpose of the endpoint.</param>
/// <param name="From">Where delivery starts: now, beginning or a position of the log; now when left out.</param>
public sealed record RegisterWebhookRequest(
    string Url,
    IReadOnlyList<string>? Types = null,
    IReadOnlyList<string>? Accounts = null,
    string? Description = null,
    string? From = null);

public static class RegisterWebhookEndpoint
{
    /// <summary>
    /// Deliveries follow Standard Webhooks 1.0. The signing secret is returned by GET /v1/webhooks/{webhook}/secret and by no other
    /// request.
    /// </summary>
    [WolverinePost("/v1/webhooks", OperationId = "registerWebhook")]
    [RunsCommand]
    [Creates("a webhook")]
    [Tags("Webhooks")]
    [EndpointSummary("Register a webhook endpoint")]
    [EndpointDescription("Registers an address to which events are delivered, signed with a secret of its own.")]
    [Authorize(Policies.ManageWebhooks)]
    [Problems(
        "too_many_webhooks", "malformed_url", "webhook_address_not_allowed", "malformed_from", "position_beyond_end", "empty_list",
        "unknown_name", "invalid_text", "overloaded")]
    [ProducesResponseType<WebhookView>(StatusCodes.Status201Created)]
    public static async Task<IResult> Post(
        RegisterWebhookRequest request, WebhookCommands commands, HighWaterMark highWaterMark, LogEnd log, HttpContext http)
    {
        // "now" is resolved at the registration, not when the destination is opened: events recorded in between are delivered.
        var (from, wrong) = ReadStart(request.From, await highWaterMark.LookAsync(http.RequestAborted));
        wrong ??= PositionBeyondEnd.Problem("from", from, await log.ReadAsync(http.RequestAborted), "#/from");
        return await commands.RegisterAsync(
            http,
            new CommandShape<RegisterWebhookRequest>(
                "publishing.register-webhook.v1", _ => "", _ => (null, null),
                r => commands.Problem(r.Types, r.Accounts, r.Description) ?? wrong),
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

    private static Refusal Malformed =>
        Refusal.Invalid("malformed_from", "from must be now, beginning or a position of the log.", "#/from");

    private static (long Position, Refusal? Problem) ReadStart(string? from, long now)
    {
        try
        {
            // In a setting an empty text is none. Here it could mean either end of the log.
            return from is "" ? (0, Malformed) : (StartPosition.Parse(from ?? "now").Position ?? now, null);
        }
        catch (FormatException)
        {
            return (0, Malformed);
        }
    }
}
