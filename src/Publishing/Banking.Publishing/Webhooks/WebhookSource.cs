using System.Collections.Concurrent;
using Banking.Commands.Groups;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.Publishing.Log;
using Banking.Publishing.Publishers;
using Banking.SharedKernel;
using Marten;
using Microsoft.Extensions.Logging;
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
    TimeProvider clock,
    ILogger<WebhookSource> logger) : IDestinationSource
{
    public const string Kind = "webhook";

    /// <summary>
    /// Finds webhooks that are not removed by their streams. A stored document that is lost or stale does not say whether its webhook is
    /// removed; the last event of the stream does. One that cannot be read may be of a later version: its webhook exists.
    /// </summary>
    private const string FindIds =
        $"""
        select s.id from {SchemaNames.Streams} s left join {PublishingModule.Schema}.mt_doc_webhook w on w.id = s.id
        where s.type = '{Webhook.StreamTypeName}' and case when w.data ->> 'version' = s.version::text then w.data ->> 'removedAt' is null
            else not exists (select from {SchemaNames.Events}.mt_events e
                where e.stream_id = s.id and e.version = s.version and e.type = '{WebhookRemoved.Name}') end
        """;

    /// <summary>Webhooks that could not be read, until the leading host has them in its list again.</summary>
    private readonly ConcurrentDictionary<Guid, UnreadableEventException> _unreadable = [];

    public async Task<IReadOnlyList<DestinationSpec>> ListAsync(CancellationToken ct)
    {
        var ids = await source.ListAsync(FindIds, [], row => row.GetGuid(0), ct);
        return [.. (await ReadAsync(ids, ct)).Values.OfType<Webhook>().Where(w => w.RemovedAt is null).Select(Spec)];
    }

    public async Task<IReadOnlyList<DestinationSpec>> ListAsync(
        IReadOnlyList<DestinationSpec> last, IReadOnlyCollection<Guid> changed, CancellationToken ct)
    {
        // A webhook that could not be read is tried again each time: the repair of an event is not reported.
        Guid[] ids = [.. changed.Union(_unreadable.Keys)];
        if (ids.Length == 0)
        {
            return last;
        }

        var read = await ReadAsync(ids, ct);
        foreach (var id in _unreadable.Keys.Where(id => IsKnownAgain(id, read, last)))
        {
            _unreadable.TryRemove(id, out _);
        }

        var webhooks = read.ToDictionary(w => Webhook.DestinationOf(w.Key), w => w.Value);
        return webhooks.Values.All(w => w is null) && !last.Any(s => webhooks.ContainsKey(s.Name))
            ? last
            : [
                .. last.Where(s => !webhooks.ContainsKey(s.Name)),
                .. webhooks.Values.OfType<Webhook>().Where(w => w.RemovedAt is null).Select(Spec),
            ];
    }

    public Task<IReadOnlyList<string>> FindNamesAsync(IReadOnlyCollection<string> names, CancellationToken ct) => source.ListAsync(
        FindIds + " and s.id = any($1)",
        [names.Select(Webhook.IdOfDestination).OfType<Guid>().ToArray()],
        row => Webhook.DestinationOf(row.GetGuid(0)),
        ct);

    /// <summary>What exists is found by the streams: a webhook that cannot be read has no destination, and is not removed.</summary>
    public async Task CleanUpAsync(IReadOnlyCollection<string> names, CancellationToken ct)
    {
        var stored = await publishers.NamesAsync(Kind, ct);
        await publishers.DeleteAsync([.. stored.Except(await FindNamesAsync(stored, ct))], ct);
        await secrets.DeleteUnusedAsync(clock.GetUtcNow(), ct);
    }

    /// <summary>Opens the endpoint for one request outside its publisher.</summary>
    internal Task<WebhookDestination> OpenAsync(Webhook webhook, CancellationToken ct) => OpenAsync(webhook, FilterOf(webhook), new(), ct);

    /// <summary>
    /// Reads webhooks by their ids; null is one that cannot be read. It gets nothing until it can be: its filter, its address or its
    /// removal may be in the unreadable event.
    /// </summary>
    private async Task<IReadOnlyDictionary<Guid, Webhook?>> ReadAsync(IReadOnlyList<Guid> ids, CancellationToken ct)
    {
        var (readable, unreadable) = await states.FindReadableAsync(ids, ct);
        foreach (var (id, failure) in unreadable.Where(u => _unreadable.TryAdd(u.Key, u.Value)))
        {
            logger.LogError(
                failure,
                "Webhook {Webhook} cannot be read: nothing is delivered to it until event {Event} can be read. Others are not affected",
                PublicId.Format(Webhook.Prefix, id),
                failure.EventId);
        }

        return readable.Select(w => KeyValuePair.Create(w.Key, (Webhook?)w.Value))
            .Concat(unreadable.Keys.Select(id => KeyValuePair.Create(id, (Webhook?)null))).ToDictionary();
    }

    /// <summary>Whether a webhook that could not be read is in the list, is removed, or is not in the log any more.</summary>
    private static bool IsKnownAgain(Guid id, IReadOnlyDictionary<Guid, Webhook?> read, IReadOnlyList<DestinationSpec> list) =>
        !read.TryGetValue(id, out var found)
        || (found is { } webhook && (webhook.RemovedAt is not null || list.Any(s => s.Name == webhook.Destination)));

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
