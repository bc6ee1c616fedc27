using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Publishing.Webhooks;

/// <summary>Deletes secrets that no longer sign: those of removed webhooks, and those whose grace period has ended.</summary>
public sealed class WebhookSecrets(NpgsqlDataSource source)
{
    // A webhook and its secret are stored together, so one statement sees both or neither. A secret whose end is no time is kept: the
    // stored webhook differs from its events, which the sentinel reports.
    private static readonly string Unused =
        $"""
        delete from {PublishingModule.Schema}_keys.mt_doc_webhook_secret s where not exists (
            select from {PublishingModule.Schema}.mt_doc_webhook w
            where w.id = (s.data ->> 'webhook')::uuid and w.data ->> 'removedAt' is null
            and (w.data ->> 'secret' = s.id::text
                or (w.data ->> 'oldSecret' = s.id::text and w.data ->> 'oldSecretUntil' is not null
                    and coalesce({StoredTime.Of("w.data ->> 'oldSecretUntil'")} > $1, true))))
        """;

    internal async Task DeleteUnusedAsync(DateTimeOffset now, CancellationToken ct) => await source.ExecuteAsync(Unused, [now], ct);
}
