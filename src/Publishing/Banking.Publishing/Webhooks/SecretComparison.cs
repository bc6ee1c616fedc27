using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using JasperFx.Events;
using Npgsql;

namespace Banking.Publishing.Webhooks;

/// <summary>Checks that every webhook that is not removed has its signing secret.</summary>
internal sealed class SecretComparison : StoredComparison
{
    public override string Name => "webhook";

    public override async Task<IReadOnlyList<Difference>> OfStreamsAsync(
        NpgsqlConnection snapshot, StreamSelection streams, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events, CancellationToken ct)
    {
        var webhooks = events.Where(s => s.Value is [{ Data: WebhookRegistered }, ..])
            .Select(s => StreamFold.Of<Webhook>(s.Key, s.Value)!)
            .Where(w => w.RemovedAt is null).ToList();
        if (webhooks.Count == 0)
        {
            return [];
        }

        return await snapshot.ListAsync(
            "select w.id from unnest($1, $2) as w(id, secret) "
                + $"left join {PublishingModule.Schema}_keys.mt_doc_webhook_secret s on s.id = w.secret "
                + "where s.id is null or s.data ->> 'webhook' <> w.id::text",
            [webhooks.Select(w => w.Id).ToArray(), webhooks.Select(w => w.Secret).ToArray()],
            row => new Difference(Name, "webhook_secret", row.GetGuid(0), "\"the secret that signs\"", null),
            ct);
    }
}
