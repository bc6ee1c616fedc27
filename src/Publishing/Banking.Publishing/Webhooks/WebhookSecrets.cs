using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Publishing.Webhooks;

/// <summary>Deletes secrets that no longer sign: those of removed webhooks, and those whose grace period has ended.</summary>
public sealed class WebhookSecrets(NpgsqlDataSource source)
{
    // A webhook and its secret are stored together, so one statement sees both or neither. The stored webhook is a cache: one that is lost,
    // or not at its stream's version, does not say which secrets sign. A secret cannot be made again, so it is kept then, and
    // also if its end is no time: the stored webhook differs from its events, which the sentinel reports.
    private static readonly string Unused =
        $"""
        delete from {PublishingModule.Schema}_keys.mt_doc_webhook_secret s
        using {PublishingModule.Schema}.mt_doc_webhook w, {SchemaNames.Streams} t
        where w.id = (s.data ->> 'webhook')::uuid and t.id = w.id and t.version = (w.data ->> 'version')::bigint
        and (w.data ->> 'removedAt' is not null
            or (w.data ->> 'secret' <> s.id::text
                and (w.data ->> 'oldSecret' is distinct from s.id::text
                    or coalesce({StoredTime.Of("w.data ->> 'oldSecretUntil'")} <= $1, false))))
        """;

    internal async Task DeleteUnusedAsync(DateTimeOffset now, CancellationToken ct) => await source.ExecuteAsync(Unused, [now], ct);
}
