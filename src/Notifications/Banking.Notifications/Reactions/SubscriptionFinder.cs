using Banking.EventStore.Published;
using Banking.EventStore.Storage;
using Banking.Notifications.Domain;
using Marten;
using Npgsql;

namespace Banking.Notifications.Reactions;

/// <summary>
/// Finds the subscriptions to accounts, always in the database: a cache could be older than a subscription of another host. A message is
/// delivered when its events and all earlier ones are in the log, so every subscription made before them is found.
/// </summary>
public sealed class SubscriptionFinder(NpgsqlDataSource source, IDocumentStore store) : IModuleInterest
{
    private const string WindowsSql =
        $"""
        select d.data, made.seq_id, cancelled.seq_id from {NotificationsModule.Schema}.mt_doc_subscription d
        join {SchemaNames.Events}.mt_events made on made.stream_id = d.id and made.version = 1
        left join {SchemaNames.Events}.mt_events cancelled on cancelled.stream_id = d.id and cancelled.version = 2
        where CAST(d.data ->> 'account' as uuid) = any($1)
        """;

    private const string AccountsSql =
        $"select distinct CAST(d.data ->> 'account' as uuid) from {NotificationsModule.Schema}.mt_doc_subscription d "
        + "where CAST(d.data ->> 'account' as uuid) = any($1)";

    public IReadOnlyList<string> Types => NotifiableEvents.Types;

    public async Task<IReadOnlySet<Guid>> AmongAsync(IReadOnlyCollection<Guid> streams, CancellationToken ct) =>
        (await source.ListAsync(AccountsSql, [streams.ToArray()], row => row.GetGuid(0), ct)).ToHashSet();

    internal Task<IReadOnlyList<SubscriptionWindow>> FindAsync(IEnumerable<Guid> accounts, CancellationToken ct) => source.ListAsync(
        WindowsSql,
        [accounts.Distinct().ToArray()],
        row => new SubscriptionWindow(
            store.Options.Serializer().FromJson<Subscription>(row, 0), row.GetInt64(1), row.GetOrDefault<long?>(2)),
        ct);
}
