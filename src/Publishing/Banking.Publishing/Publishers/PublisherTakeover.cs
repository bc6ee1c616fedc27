using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Publishing.Publishers;

/// <summary>A publisher that this host has taken over.</summary>
/// <param name="Blocked">Its blocked accounts, with the positions of their first blocked events.</param>
/// <param name="Log">The log that its checkpoint belongs to (<see cref="HighWaterMark.Server"/>).</param>
internal sealed record OpenedPublisher(PublisherRow Row, IReadOnlyDictionary<Guid, long> Blocked, string Log);

/// <summary>Takes publishers over, however many, with four statements: from then on a former owner cannot record anything.</summary>
public sealed class PublisherTakeover(NpgsqlDataSource source, PublisherStore store, HighWaterMark highWaterMark, TimeProvider clock)
{
    /// <summary>Opens publishers. Those that are new are created; one whose row another session has locked is left out.</summary>
    /// <param name="log">The log that was current before the call.</param>
    internal async Task<IReadOnlyList<OpenedPublisher>> OpenAsync(IReadOnlyList<DestinationSpec> specs, string log, CancellationToken ct)
    {
        await CreateAsync(specs, ct);
        var names = specs.Select(s => s.Name).ToArray();
        var epochs = await RaiseEpochsAsync(names, ct);
        var rows = await store.AllAsync(names, ct);
        // Blocked accounts are read last: before the epoch was raised, another host could still change them.
        var blocked = await ReadBlockedAsync(names, ct);
        return
        [
            .. from row in rows
               where epochs.ContainsKey(row.Name)
               select new OpenedPublisher(row with { Epoch = epochs[row.Name] }, blocked[row.Name].ToDictionary(), log),
        ];
    }

    private async Task CreateAsync(IReadOnlyList<DestinationSpec> specs, CancellationToken ct)
    {
        var now = specs.Any(s => s.From.Position is null) ? await highWaterMark.LookAsync(ct) : 0;
        await source.ExecuteAsync(
            $"insert into {PublisherStore.Table} (name, kind, position, start_position, updated_at) "
                + "select name, kind, position, position, $4 from unnest($1, $2, $3) as new(name, kind, position) on conflict do nothing",
            [
                specs.Select(s => s.Name).ToArray(),
                specs.Select(s => s.Kind).ToArray(),
                specs.Select(s => s.From.Position ?? now).ToArray(),
                clock.GetUtcNow(),
            ],
            ct);
    }

    /// <summary>
    /// Rows are locked in the order of the names, so that two hosts that both lead for a moment do not deadlock. A locked row is not waited
    /// for: the others would wait too.
    /// </summary>
    private async Task<Dictionary<string, long>> RaiseEpochsAsync(string[] names, CancellationToken ct) => (await source.ListAsync(
        $"with mine as (select name from {PublisherStore.Table} where name = any($1) order by name for update skip locked) "
            + $"update {PublisherStore.Table} l set epoch = l.epoch + 1 from mine where l.name = mine.name returning l.name, l.epoch",
        [names],
        row => (Name: row.GetString(0), Epoch: row.GetInt64(1)),
        ct)).ToDictionary();

    private async Task<ILookup<string, KeyValuePair<Guid, long>>> ReadBlockedAsync(string[] names, CancellationToken ct) =>
        (await source.ListAsync(
            $"select publisher, account, position from {PublishingModule.Schema}.blocked_account where publisher = any($1)",
            [names],
            row => (Publisher: row.GetString(0), Blocked: KeyValuePair.Create(row.GetGuid(1), row.GetInt64(2))),
            ct)).ToLookup(b => b.Publisher, b => b.Blocked);
}
