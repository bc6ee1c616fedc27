using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.EventStore.Appending;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Publishing.Webhooks;

/// <summary>
/// Limits the number of webhooks of a caller and of the bank. They are counted in the transaction that registers one, under a lock that
/// only registrations take, so that two at the limit cannot both pass, on whichever hosts they are.
/// </summary>
internal sealed class WebhookLimits(WebhookSettings settings) : ICommitCheck<Webhook>
{
    /// <summary>Indexes of the webhooks that are not removed, and of the registrations by caller. Other events cost nothing more.</summary>
    public const string Sql =
        $"""
        create index if not exists {ActiveIndex} on {PublishingModule.Schema}.mt_doc_webhook (id) where data ->> 'removedAt' is null;
        create index if not exists {CallerIndex} on {SchemaNames.Events}.mt_events (user_name) where type = '{WebhookRegistered.Name}';
        """;

    public const string ActiveIndex = "mt_doc_webhook_active";
    public const string CallerIndex = "idx_bank_webhooks_caller";

    // A statement of its own: the counts need a snapshot that was taken under the lock.
    private const string Lock = "select pg_advisory_xact_lock(hashtextextended('publishing.webhook-limits', 0))";

    private const string CountOfBank =
        $"select count(*) from {PublishingModule.Schema}.mt_doc_webhook w where w.data ->> 'removedAt' is null";

    /// <summary>Of a webhook whose stored document is lost, the log says whether it is removed.</summary>
    private const string CountOfCaller =
        $"""
        select count(*) from {SchemaNames.Events}.mt_events e left join {PublishingModule.Schema}.mt_doc_webhook w on w.id = e.stream_id
        where e.type = '{WebhookRegistered.Name}' and e.user_name = $1 and w.data ->> 'removedAt' is null
            and (w.id is not null or not exists (select from {SchemaNames.Events}.mt_events r
                where r.stream_id = e.stream_id and r.type = '{WebhookRemoved.Name}'))
        """;

    public async Task<Refusal?> CheckAsync(NpgsqlTransaction transaction, IReadOnlyList<EventEnvelope> events)
    {
        var callers = events.Where(e => e.Event.Data is WebhookRegistered).Select(e => e.Actor).Distinct().ToList();
        if (callers.Count == 0)
        {
            return null;
        }

        var connection = transaction.Connection!;
        await connection.ExecuteAsync(Lock, [], CancellationToken.None);
        var inBank = await connection.ScalarAsync<long>(CountOfBank, [], CancellationToken.None);
        var refusal = Exceeded("bank", settings.MaxPerBank, inBank);
        foreach (var caller in callers)
        {
            refusal ??= Exceeded(
                "caller", settings.MaxPerCaller, await connection.ScalarAsync<long>(CountOfCaller, [caller], CancellationToken.None));
        }

        return refusal;
    }

    /// <param name="count">The number of webhooks with those of this transaction.</param>
    private static Refusal? Exceeded(string scope, int limit, long count) => count <= limit
        ? null
        : Refusal.Conflict(
            "too_many_webhooks",
            scope == "bank"
                ? $"The bank has as many webhooks as it serves ({limit}). Remove one that is not needed."
                : $"This caller has as many webhooks as one may have ({limit}). Remove one that is not needed.",
            ("scope", scope),
            ("limit", limit));
}
