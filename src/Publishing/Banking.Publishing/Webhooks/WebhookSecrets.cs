using Npgsql;

namespace Banking.Publishing.Webhooks;

/// <summary>
/// Where secrets are put away that nothing is signed with any more: of endpoints that are removed, and those whose grace is over.
/// </summary>
public sealed class WebhookSecrets(NpgsqlDataSource source)
{
    // One statement sees either none or both of an endpoint and its secret, which are stored together.
    private const string Unused =
        $"""
        delete from {PublishingModule.Schema}_keys.mt_doc_webhook_secret s where not exists (
            select from {PublishingModule.Schema}.mt_doc_webhook w where w.data ->> 'removedAt' is null
            and (w.data ->> 'secret' = s.id::text or (w.data ->> 'oldSecret' = s.id::text and (w.data ->> 'oldSecretUntil')::timestamptz > $1)))
        """;

    internal async Task ForgetAsync(DateTimeOffset now, CancellationToken ct)
    {
        await using var command = source.CreateCommand(Unused);
        command.Parameters.Add(new() { Value = now });
        await command.ExecuteNonQueryAsync(ct);
    }
}
