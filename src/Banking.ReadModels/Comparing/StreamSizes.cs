using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <param name="Events">Number of its events.</param>
public readonly record struct StreamSize(Guid Id, long Events);

/// <summary>Reads the streams to compare, and their lengths.</summary>
public sealed class StreamSizes(NpgsqlDataSource source, ReadModelConnections connections)
{
    /// <summary>Number of last events that a sentinel run compares of a long stream.</summary>
    internal const int LastOfLong = 500;

    /// <summary>Maximum length of a stream that is held in memory together with others.</summary>
    internal const int MaxInMemory = 5_000;

    /// <summary>Reads the streams after one of them, ordered by id.</summary>
    public Task<IReadOnlyList<StreamSize>> AfterAsync(Guid after, int limit, CancellationToken ct) =>
        ReadAsync($"select id, version from {SchemaNames.Streams} where id > $1 order by id limit $2", [after, limit], ct);

    /// <summary>Reads the streams of the latest events, the latest first.</summary>
    /// <param name="limit">Number of events.</param>
    public Task<IReadOnlyList<StreamSize>> LatestAsync(int limit, CancellationToken ct) =>
        ReadAsync(
            $"""
            select l.stream_id, coalesce(s.version, 1)
            from (
                select stream_id, max(seq_id) as last
                from (select stream_id, seq_id from {SchemaNames.Events}.mt_events order by seq_id desc limit $1) e group by 1) l
            left join {SchemaNames.Streams} s on s.id = l.stream_id order by l.last desc
            """,
            [limit],
            ct);

    private async Task<IReadOnlyList<StreamSize>> ReadAsync(string sql, object?[] values, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        return await connection.ListAsync(sql, values, row => new StreamSize(row.GetGuid(0), row.GetInt64(1)), ct);
    }

    /// <summary>Counts these streams by type.</summary>
    public Task<IReadOnlyList<(string Type, int Count)>> TypesAsync(IReadOnlyList<Guid> streams, CancellationToken ct) => source.ListAsync(
        $"select coalesce(type, ''), count(*)::int from {SchemaNames.Streams} where id = any($1) group by 1",
        [streams.ToArray()],
        row => (row.GetString(0), row.GetInt32(1)),
        ct);

    /// <summary>Selects the last events of a stream, by the versions of its events and not of its row.</summary>
    public async Task<StreamSelection> EndOfAsync(Guid stream, CancellationToken ct)
    {
        var last = await source.ScalarAsync<long>(
            $"select coalesce(max(version), 0) from {SchemaNames.Events}.mt_events where stream_id = $1", [stream], ct);
        return StreamSelection.EndOf(stream, Math.Max(0, last - LastOfLong));
    }

    /// <summary>Filters streams to those with more events than a limit.</summary>
    public async Task<IReadOnlyList<Guid>> LargerAsync(IReadOnlyList<Guid> streams, int largest, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await LargerAsync(connection, streams, largest, ct);
    }

    /// <summary>Filters streams, as a transaction sees them, to those with more events than a limit.</summary>
    internal static Task<IReadOnlyList<Guid>> LargerAsync(
        NpgsqlConnection snapshot, IReadOnlyList<Guid> streams, int largest, CancellationToken ct) => snapshot.ListAsync(
        $"select id from {SchemaNames.Streams} where id = any($1) and version > $2",
        [streams.ToArray(), (long)largest],
        row => row.GetGuid(0),
        ct);
}
