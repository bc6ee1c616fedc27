using Banking.EventStore.Json;
using Banking.Web.Http;
using Marten;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Webhooks;

/// <summary>What an endpoint's deliveries are signed with.</summary>
/// <param name="Secrets">The newest first; two while the grace of a rotation lasts.</param>
public sealed record WebhookSecretsView(IReadOnlyList<WebhookSecretView> Secrets);

/// <summary>One secret.</summary>
/// <param name="Until">When it ends; absent where that is not settled.</param>
public sealed record WebhookSecretView(string Secret, DateTimeOffset? Until)
{
    /// <summary>Without the secret, wherever it may be written.</summary>
    public override string ToString() => nameof(WebhookSecretView);
}

public static class GetWebhookSecretEndpoint
{
    [WolverineGet("/v1/webhooks/{webhook}/secret")]
    [Tags("Webhooks")]
    [EndpointSummary("Get what an endpoint's deliveries are signed with")]
    [Authorize(Policies.ManageWebhooks)]
    [ProducesResponseType<WebhookSecretsView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(string webhook, WebhookCommands desk, IQuerySession session, TimeProvider clock, HttpContext http)
    {
        if (await desk.FindAsync(webhook, http.RequestAborted) is not { } found)
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
