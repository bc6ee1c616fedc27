using System.Collections.Concurrent;
using Banking.Commands.Groups;
using Banking.Publishing.Publishers;
using Marten;

namespace Banking.Publishing.Webhooks;

/// <summary>Makes a destination of every webhook endpoint, each with its own publisher.</summary>
public sealed class WebhookSource(
    IDocumentStore store,
    StateReader<Webhook> states,
    PublisherStore publishers,
    WebhookSecrets secrets,
    WebhookClient client,
    WebhookSettings settings,
    TimeProvider clock) : IDestinationSource
{
    public const string Kind = "webhook";

    private IReadOnlyList<string> _listed = [];

    public async Task<IReadOnlyList<DestinationSpec>> ListAsync(CancellationToken ct)
    {
        // StateReader also finds webhooks whose stored document is lost, by their events.
        var webhooks = await states.ListAsync(Webhook.NotRemoved, Guid.Empty, int.MaxValue, ct);
        return [.. webhooks.Select(Spec)];
    }

    public async Task CleanUpAsync(IReadOnlyCollection<string> names, CancellationToken ct)
    {
        // The publisher of a webhook that was just removed may still be stopping: its row is deleted in the next round.
        await publishers.DeleteOthersAsync(Kind, [.. names.Union(_listed)], ct);
        _listed = [.. names];
        await secrets.DeleteUnusedAsync(clock.GetUtcNow(), ct);
    }

    /// <summary>Opens the endpoint for one request outside its publisher.</summary>
    internal async Task<WebhookDestination> OpenAsync(Webhook webhook, ConcurrentDictionary<long, bool> taken, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        Guid[] ids = [webhook.Secret, .. webhook.OldSecret is { } old ? new[] { old } : []];
        var stored = await session.LoadManyAsync<WebhookSecret>(ct, ids);
        if (stored.All(s => s.Id != webhook.Secret))
        {
            throw new InvalidOperationException($"The secret of webhook {webhook.PublicName} is missing; rotate it.");
        }

        return new(webhook, stored.ToDictionary(s => s.Id), client, settings, taken, clock);
    }

    /// <summary>The webhook's version stands for its settings: after any change the publisher is opened again.</summary>
    private DestinationSpec Spec(Webhook webhook)
    {
        // Shared by all destinations that are opened for this spec. A publisher that restarts after a failure keeps it; a changed or
        // removed webhook starts with an empty one.
        var taken = new ConcurrentDictionary<long, bool>();
        return new(
            webhook.Destination, Kind, new(webhook.From), webhook.Version.ToString(System.Globalization.CultureInfo.InvariantCulture),
            async ct => await OpenAsync(webhook, taken, ct))
        {
            RetryPolicy = new(TimeSpan.FromMilliseconds(settings.RetryMilliseconds), WebhookDestination.MaxRetryDelay, settings.Attempts),
        };
    }
}
