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
        ArgumentNullException.ThrowIfNull(events);
        var webhooks = events.Where(s => s.Value is [{ Data: WebhookRegistered }, ..])
            .Select(s => s.Value.Aggregate((Webhook?)null, (w, e) => Webhook.Fold(w, s.Key, e.Data, e.Timestamp))!)
            .Where(w => w.RemovedAt is null).ToList();
        if (webhooks.Count == 0)
        {
            return [];
        }

        await using var command = new NpgsqlCommand(
            "select w.id from unnest($1, $2) as w(id, secret) "
                + $"left join {PublishingModule.Schema}_keys.mt_doc_webhook_secret s on s.id = w.secret "
                + "where s.id is null or s.data ->> 'webhook' <> w.id::text",
            snapshot);
        command.Parameters.Add(new() { Value = webhooks.Select(w => w.Id).ToArray() });
        command.Parameters.Add(new() { Value = webhooks.Select(w => w.Secret).ToArray() });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var differences = new List<Difference>();
        while (await reader.ReadAsync(ct))
        {
            differences.Add(new(Name, "webhook_secret", reader.GetGuid(0), "\"the secret that signs\"", null));
        }

        return differences;
    }
}
