using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Publishing.Webhooks;

/// <summary>Deletes secrets that no longer sign: those of removed webhooks, and those whose grace period has ended.</summary>
public sealed class WebhookSecrets(NpgsqlDataSource source)
{
    // A webhook and its secret are stored together, so one statement sees both or neither.
    private const string Unused =
        $"""
        delete from {PublishingModule.Schema}_keys.mt_doc_webhook_secret s where not exists (
            select from {PublishingModule.Schema}.mt_doc_webhook w
            where w.id = (s.data ->> 'webhook')::uuid and w.data ->> 'removedAt' is null
            and (w.data ->> 'secret' = s.id::text
                or (w.data ->> 'oldSecret' = s.id::text and (w.data ->> 'oldSecretUntil')::timestamptz > $1)))
        """;

    internal async Task DeleteUnusedAsync(DateTimeOffset now, CancellationToken ct) => await source.ExecuteAsync(Unused, [now], ct);
}
