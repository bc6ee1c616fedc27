using Banking.Commands.Groups;
using Banking.EventStore.Log;
using Banking.EventStore.Published;
using Banking.EventStore.Storage;
using Banking.Notifications.Domain;
using Marten;
using Npgsql;

namespace Banking.Notifications.Reactions;

/// <summary>
/// Finds the subscriptions to accounts, always in the database: a cache could be older than a subscription of another host. A message is
/// delivered when its events and all earlier ones are in the log, so every subscription made before them is found. The stored document of a
/// subscription is a cache too: one that is lost is found by its event, and folded.
/// </summary>
public sealed class SubscriptionFinder(NpgsqlDataSource source, IDocumentStore store, StateReader<Subscription> states) : IModuleInterest
{
    internal const string AccountIndex = "idx_bank_subscriptions_account";

    /// <summary>An index of the subscriptions by account. Other events cost nothing more.</summary>
    internal const string Sql =
        $"create index if not exists {AccountIndex} on {SchemaNames.Events}.mt_events ((data ->> 'account')) "
        + $"where type = '{SubscriptionMade.Name}'";

    private const string Documents = NotificationsModule.Schema + ".mt_doc_subscription";

    private const string MadeForAccounts =
        $"from {SchemaNames.Events}.mt_events e where e.type = '{SubscriptionMade.Name}' and e.data ->> 'account' = any($2)";

    private const string WindowsSql =
        $"""
        select s.id, d.data, made.seq_id, cancelled.seq_id
        from (
            select d.id from {Documents} d where CAST(d.data ->> 'account' as uuid) = any($1)
            union select e.stream_id {MadeForAccounts}) s
        left join {Documents} d on d.id = s.id
        join {SchemaNames.Events}.mt_events made on made.stream_id = s.id and made.version = 1
        left join {SchemaNames.Events}.mt_events cancelled on cancelled.stream_id = s.id and cancelled.version = 2
        """;

    private const string AccountsSql =
        $"""
        select CAST(d.data ->> 'account' as uuid) from {Documents} d where CAST(d.data ->> 'account' as uuid) = any($1)
        union select CAST(e.data ->> 'account' as uuid) {MadeForAccounts}
        """;

    public IReadOnlyList<string> Types => NotifiableEvents.Types;

    public async Task<IReadOnlySet<Guid>> AmongAsync(IReadOnlyCollection<Guid> streams, CancellationToken ct) =>
        (await source.ListAsync(AccountsSql, Values(streams), row => row.GetGuid(0), ct)).ToHashSet();

    /// <exception cref="UnreadableEventException">A subscription must be folded, and an event of it cannot be read. The message is handled
    /// again later, so that no notification is missed.</exception>
    internal async Task<IReadOnlyList<SubscriptionWindow>> FindAsync(IEnumerable<Guid> accounts, CancellationToken ct)
    {
        var found = await source.ListAsync(
            WindowsSql,
            Values(accounts.Distinct()),
            row => (
                Id: row.GetGuid(0),
                Stored: row.IsDBNull(1) ? null : store.Options.Serializer().FromJson<Subscription>(row, 1),
                Made: row.GetInt64(2),
                Cancelled: row.GetOrDefault<long?>(3)),
            ct);
        Guid[] lost = [.. found.Where(s => s.Stored is null).Select(s => s.Id)];
        var folded = lost.Length == 0 ? new Dictionary<Guid, Subscription>() : await states.FindAsync(lost, ct);
        // An event without its stream is no subscription. The sentinel reports such a stream.
        return
        [
            .. from s in found
               let subscription = s.Stored ?? folded.GetValueOrDefault(s.Id)
               where subscription is not null
               select new SubscriptionWindow(subscription, s.Made, s.Cancelled),
        ];
    }

    private static object?[] Values(IEnumerable<Guid> accounts)
    {
        Guid[] ids = [.. accounts];
        return [ids, ids.Select(id => id.ToString()).ToArray()];
    }
}
