using System.Collections.Concurrent;
using Banking.Commands.Groups;
using Banking.Publishing.Publishers;
using Marten;

namespace Banking.Publishing.Webhooks;

/// <summary>Every endpoint is a destination with a lane of its own.</summary>
public sealed class WebhookSource(
    IDocumentStore store,
    StateReader<Webhook> states,
    PublisherStore lanes,
    WebhookSecrets secrets,
    WebhookClient client,
    WebhookSettings settings,
    TimeProvider clock) : IDestinationSource
{
    public const string Kind = "webhook";

    private IReadOnlyList<string> _listed = [];

    public async Task<IReadOnlyList<DestinationSpec>> ListAsync(CancellationToken ct)
    {
        // Those whose stored state is lost go on too.
        var webhooks = await states.ListAsync(Webhook.NotRemoved, Guid.Empty, int.MaxValue, ct);
        return [.. webhooks.Select(Spec)];
    }

    public async Task TidyAsync(IReadOnlyCollection<string> names, CancellationToken ct)
    {
        // The lane of one that was removed a second ago may still be about to stop: it is forgotten when it is stopped for sure.
        await lanes.ForgetAsync(Kind, [.. names.Union(_listed)], ct);
        _listed = [.. names];
        await secrets.ForgetAsync(clock.GetUtcNow(), ct);
    }

    /// <summary>The endpoint itself, for one request apart from its lane.</summary>
    internal async Task<WebhookDestination> OpenAsync(Webhook webhook, ConcurrentDictionary<long, bool> taken, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        Guid[] ids = [webhook.Secret, .. webhook.OldSecret is { } old ? new[] { old } : []];
        var stored = await session.LoadManyAsync<WebhookSecret>(ct, ids);
        if (stored.All(s => s.Id != webhook.Secret))
        {
            throw new InvalidOperationException("Its secret is gone; rotate it.");
        }

        return new(webhook, stored.ToDictionary(s => s.Id), client, settings, taken, clock);
    }

    /// <summary>Its version says all that it is opened with: whatever is changed, the lane is opened anew.</summary>
    private DestinationSpec Spec(Webhook webhook)
    {
        // As long as the lane that it is opened for: one that fails goes on with it, one that was set to another place, changed or removed
        // begins without.
        var taken = new ConcurrentDictionary<long, bool>();
        return new(
            webhook.Destination, Kind, new(webhook.From), webhook.Version.ToString(System.Globalization.CultureInfo.InvariantCulture),
            async ct => await OpenAsync(webhook, taken, ct))
        {
            RetryPolicy = new(TimeSpan.FromMilliseconds(settings.RetryMilliseconds), WebhookDestination.LongestRest, settings.Attempts),
        };
    }
}
