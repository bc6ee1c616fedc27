using Banking.Notifications.Domain;
using Banking.Platform;
using Banking.Platform.Publication;
using Marten;
using Npgsql;

namespace Banking.Notifications.Reactions;

/// <summary>
/// Finds who listens to accounts. Asked of the database each time: a message comes when its events are known to be in the log with
/// everything before them, so a subscription that was made before them is there to be found, whichever host made it. What one host
/// remembered could be too old.
/// </summary>
public sealed class Listeners(NpgsqlDataSource source, IDocumentStore store) : IModuleInterest
{
    private const string ToAccounts =
        $"""
        select d.data, made.seq_id, cancelled.seq_id from {NotificationsModule.Schema}.mt_doc_subscription d
        join {PlatformModule.EventSchema}.mt_events made on made.stream_id = d.id and made.version = 1
        left join {PlatformModule.EventSchema}.mt_events cancelled on cancelled.stream_id = d.id and cancelled.version = 2
        where CAST(d.data ->> 'account' as uuid) = any($1)
        """;

    private const string Heard =
        $"select distinct CAST(d.data ->> 'account' as uuid) from {NotificationsModule.Schema}.mt_doc_subscription d where CAST(d.data ->> 'account' as uuid) = any($1)";

    public IReadOnlyList<string> Types => Hearable.Types;

    public async Task<IReadOnlySet<Guid>> AmongAsync(IReadOnlyCollection<Guid> accounts, CancellationToken ct)
    {
        await using var command = source.CreateCommand(Heard);
        command.Parameters.Add(new() { Value = accounts.ToArray() });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var heard = new HashSet<Guid>();
        while (await reader.ReadAsync(ct))
        {
            heard.Add(reader.GetGuid(0));
        }

        return heard;
    }

    internal async Task<IReadOnlyList<Listener>> ToAsync(IEnumerable<Guid> accounts, CancellationToken ct)
    {
        await using var command = source.CreateCommand(ToAccounts);
        command.Parameters.Add(new() { Value = accounts.Distinct().ToArray() });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var listeners = new List<Listener>();
        while (await reader.ReadAsync(ct))
        {
            listeners.Add(
                new(
                    store.Options.Serializer().FromJson<Subscription>(reader, 0),
                    reader.GetInt64(1),
                    reader.IsDBNull(2) ? null : reader.GetInt64(2)));
        }

        return listeners;
    }
}
