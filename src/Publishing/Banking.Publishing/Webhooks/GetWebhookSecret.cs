using Banking.EventStore.Json;
using Banking.Web.Http;
using Marten;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Webhooks;

/// <summary>The secrets that sign an endpoint's deliveries.</summary>
/// <param name="Secrets">The newest first; two during the grace period of a rotation.</param>
public sealed record WebhookSecretsView(IReadOnlyList<WebhookSecretView> Secrets);

/// <summary>One signing secret.</summary>
/// <param name="Until">The end of its grace period; absent for the current secret.</param>
public sealed record WebhookSecretView(string Secret, DateTimeOffset? Until)
{
    /// <summary>Never contains the secret, so that it cannot reach a log.</summary>
    public override string ToString() => nameof(WebhookSecretView);
}

public static class GetWebhookSecretEndpoint
{
    [WolverineGet("/v1/webhooks/{webhook}/secret", OperationId = "getWebhookSecrets")]
    [Tags("Webhooks")]
    [EndpointSummary("Get the signing secrets of a webhook endpoint")]
    [EndpointDescription("Gets the secrets that sign the deliveries to a webhook endpoint.")]
    [Authorize(Policies.ManageWebhooks)]
    [Problems("webhook_not_found")]
    [ProducesResponseType<WebhookSecretsView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        string webhook, WebhookCommands commands, IQuerySession session, TimeProvider clock, HttpContext http)
    {
        if (await commands.FindAsync(webhook, http.RequestAborted) is not { } found)
        {
            return new ProblemResult(WebhookCommands.NotFound);
        }

        if (found.RemovedAt is not null)
        {
            return new ProblemResult(WebhookCommands.Removed(found));
        }

        var ids = found.SecretsAt(clock.GetUtcNow());
        var secrets = (await session.LoadManyAsync<WebhookSecret>(http.RequestAborted, ids)).ToDictionary(s => s.Id);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(
            new WebhookSecretsView([.. ids.Where(secrets.ContainsKey).Select(id =>
                new WebhookSecretView(secrets[id].Secret, id == found.Secret ? null : found.OldSecretUntil))]),
            ApiJson.Options);
    }
}
