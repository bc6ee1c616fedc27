using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Publishing.Publishers;

/// <summary>
/// Moves the checkpoints of publishers that had nothing to deliver, with one statement for many. Like <see cref="CheckpointMove"/> it moves
/// only those that this host still owns, and none in a restored log.
/// </summary>
public sealed class IdleCheckpoints(NpgsqlDataSource source, TimeProvider clock)
{
    /// <summary>
    /// Rows are locked in the order of the names, so that two hosts that both lead for a moment do not deadlock. A row that an operator is
    /// changing is left out.
    /// </summary>
    private const string Sql =
        $"""
        with idle as (
            select l.name from {PublisherStore.Table} l
            join unnest($1::text[], $2::bigint[], $3::bigint[]) as m(name, position, epoch)
                on l.name = m.name and l.position = m.position and l.epoch = m.epoch
            where $6 = ({HighWaterMark.IdentitySql})
            order by l.name for update of l skip locked)
        update {PublisherStore.Table} l
        set position = $4, error = null, error_at = null, attempts = 0, updated_at = $5
        from idle where l.name = idle.name returning l.name
        """;

    /// <param name="log">The log that the positions belong to.</param>
    /// <returns>The names of the publishers whose checkpoint was moved.</returns>
    internal async Task<IReadOnlySet<string>> MoveAsync(
        IReadOnlyCollection<Publisher> publishers, long to, string log, CancellationToken ct)
    {
        var moved = await source.ListAsync(
            Sql,
            [
                publishers.Select(p => p.Name).ToArray(),
                publishers.Select(p => p.StoredPosition).ToArray(),
                publishers.Select(p => p.Epoch).ToArray(),
                to,
                clock.GetUtcNow(),
                log,
            ],
            row => row.GetString(0),
            ct);
        return moved.ToHashSet();
    }
}
