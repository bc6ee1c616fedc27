using System.Collections.Concurrent;
using Banking.Commands.Groups;
using Banking.EventStore.Storage;
using Banking.Publishing.Log;
using Banking.Publishing.Publishers;
using Marten;
using Npgsql;

namespace Banking.Publishing.Webhooks;

/// <summary>Makes a destination of every webhook endpoint, each with its own publisher.</summary>
public sealed class WebhookSource(
    IDocumentStore store,
    StateReader<Webhook> states,
    PublisherStore publishers,
    WebhookSecrets secrets,
    WebhookClient client,
    WebhookSettings settings,
    NpgsqlDataSource source,
    TimeProvider clock) : IDestinationSource
{
    public const string Kind = "webhook";

    /// <summary>Finds webhooks by their streams: also those whose stored document is lost.</summary>
    private const string FindIds =
        $"select s.id from {SchemaNames.Streams} s left join {PublishingModule.Schema}.mt_doc_webhook w on w.id = s.id "
        + $"where s.id = any($1) and s.type = '{Webhook.StreamTypeName}' and w.data ->> 'removedAt' is null";

    public async Task<IReadOnlyList<DestinationSpec>> ListAsync(CancellationToken ct)
    {
        // StateReader also finds webhooks whose stored document is lost, by their events.
        var webhooks = await states.ListAsync(Webhook.NotRemoved, Guid.Empty, int.MaxValue, ct);
        return [.. webhooks.Select(Spec)];
    }

    public async Task<IReadOnlyList<DestinationSpec>> ListAsync(
        IReadOnlyList<DestinationSpec> last, IReadOnlyCollection<Guid> changed, CancellationToken ct)
    {
        var webhooks = changed.Count == 0 ? [] : (await states.FindAsync([.. changed], ct)).Values.ToDictionary(w => w.Destination);
        return webhooks.Count == 0
            ? last
            : [
                .. last.Where(s => !webhooks.ContainsKey(s.Name)),
                .. webhooks.Values.Where(w => w.RemovedAt is null).Select(Spec),
            ];
    }

    public Task<IReadOnlyList<string>> FindNamesAsync(IReadOnlyCollection<string> names, CancellationToken ct) => source.ListAsync(
        FindIds,
        [names.Select(Webhook.IdOfDestination).OfType<Guid>().ToArray()],
        row => Webhook.DestinationOf(row.GetGuid(0)),
        ct);

    public async Task CleanUpAsync(IReadOnlyCollection<string> names, CancellationToken ct)
    {
        await publishers.DeleteOthersAsync(Kind, [.. names], ct);
        await secrets.DeleteUnusedAsync(clock.GetUtcNow(), ct);
    }

    /// <summary>Opens the endpoint for one request outside its publisher.</summary>
    internal Task<WebhookDestination> OpenAsync(Webhook webhook, CancellationToken ct) => OpenAsync(webhook, FilterOf(webhook), new(), ct);

    private static EventFilter FilterOf(Webhook webhook) => EventFilter.Of(webhook.Types, webhook.Accounts);

    private async Task<WebhookDestination> OpenAsync(
        Webhook webhook, EventFilter filter, ConcurrentDictionary<long, bool> taken, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        Guid[] ids = [webhook.Secret, .. webhook.OldSecret is { } old ? new[] { old } : []];
        var stored = await session.LoadManyAsync<WebhookSecret>(ct, ids);
        if (stored.All(s => s.Id != webhook.Secret))
        {
            throw new InvalidOperationException($"The secret of webhook {webhook.PublicName} is missing; rotate it.");
        }

        return new(webhook, filter, stored.ToDictionary(s => s.Id), client, settings, taken, clock);
    }

    /// <summary>The webhook's version stands for its settings: after any change the publisher is opened again.</summary>
    private DestinationSpec Spec(Webhook webhook)
    {
        // Shared by all destinations that one publisher opens: it opens another one after each failure of the endpoint.
        var (taken, filter) = (new ConcurrentDictionary<long, bool>(), FilterOf(webhook));
        return new(
            webhook.Destination, Kind, new(webhook.From), webhook.Version.ToString(System.Globalization.CultureInfo.InvariantCulture),
            async ct => await OpenAsync(webhook, filter, taken, ct))
        {
            Filter = filter,
            HadOtherSettings = webhook.Version > 1,
            Renew = () => Spec(webhook),
            RetryPolicy = new(TimeSpan.FromMilliseconds(settings.RetryMilliseconds), WebhookDestination.MaxRetryDelay, settings.Attempts),
        };
    }
}
