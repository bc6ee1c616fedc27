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

    public async Task<IReadOnlySet<Guid>> AmongAsync(IReadOnlyCollection<Guid> streams, CancellationToken ct)
    {
        await using var command = source.CreateCommand(AccountsSql);
        command.Parameters.Add(new() { Value = streams.ToArray() });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var found = new HashSet<Guid>();
        while (await reader.ReadAsync(ct))
        {
            found.Add(reader.GetGuid(0));
        }

        return found;
    }

    internal async Task<IReadOnlyList<SubscriptionWindow>> FindAsync(IEnumerable<Guid> accounts, CancellationToken ct)
    {
        await using var command = source.CreateCommand(WindowsSql);
        command.Parameters.Add(new() { Value = accounts.Distinct().ToArray() });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var windows = new List<SubscriptionWindow>();
        while (await reader.ReadAsync(ct))
        {
            windows.Add(
                new(
                    store.Options.Serializer().FromJson<Subscription>(reader, 0),
                    reader.GetInt64(1),
                    reader.IsDBNull(2) ? null : reader.GetInt64(2)));
        }

        return windows;
    }
}
