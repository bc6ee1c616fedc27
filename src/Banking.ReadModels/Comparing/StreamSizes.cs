using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <param name="Events">Number of its events.</param>
public readonly record struct StreamSize(Guid Id, long Events);

/// <summary>Reads the streams to compare, and their lengths.</summary>
public sealed class StreamSizes(NpgsqlDataSource source, ReadModelConnections connections)
{
    /// <summary>Number of last events that a sentinel run compares of a long stream.</summary>
    internal const int LastOfLong = 500;

    /// <summary>Reads the streams after one of them, ordered by id.</summary>
    public Task<IReadOnlyList<StreamSize>> AfterAsync(Guid after, int limit, CancellationToken ct) =>
        ReadAsync($"select id, version from {SchemaNames.Events}.mt_streams where id > $1 order by id limit $2", ct, after, limit);

    /// <summary>Reads the streams of the latest events, the latest first.</summary>
    /// <param name="limit">Number of events.</param>
    public Task<IReadOnlyList<StreamSize>> LatestAsync(int limit, CancellationToken ct) =>
        ReadAsync(
            $"""
            select l.stream_id, coalesce(s.version, 1)
            from (
                select stream_id, max(seq_id) as last
                from (select stream_id, seq_id from {SchemaNames.Events}.mt_events order by seq_id desc limit $1) e group by 1) l
            left join {SchemaNames.Events}.mt_streams s on s.id = l.stream_id order by l.last desc
            """,
            ct,
            limit);

    private async Task<IReadOnlyList<StreamSize>> ReadAsync(string sql, CancellationToken ct, params object[] values)
    {
        await using var connection = await connections.OpenAsync(ct);
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        var sizes = new List<StreamSize>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            sizes.Add(new(reader.GetGuid(0), reader.GetInt64(1)));
        }

        return sizes;
    }

    /// <summary>Counts these streams by type.</summary>
    public async Task<IReadOnlyList<(string Type, int Count)>> TypesAsync(IReadOnlyList<Guid> streams, CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            $"select coalesce(type, ''), count(*)::int from {SchemaNames.Events}.mt_streams where id = any($1) group by 1");
        command.Parameters.Add(new() { Value = streams.ToArray() });
        var types = new List<(string, int)>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            types.Add((reader.GetString(0), reader.GetInt32(1)));
        }

        return types;
    }

    /// <summary>Selects the last events of a stream, by the versions of its events and not of its row.</summary>
    public async Task<StreamSelection> EndOfAsync(Guid stream, CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            $"select coalesce(max(version), 0) from {SchemaNames.Events}.mt_events where stream_id = $1");
        command.Parameters.Add(new() { Value = stream });
        return StreamSelection.EndOf(stream, Math.Max(0, (long)(await command.ExecuteScalarAsync(ct))! - LastOfLong));
    }

    /// <summary>Filters streams to those with more events than a limit.</summary>
    public async Task<IReadOnlyList<Guid>> LargerAsync(IReadOnlyList<Guid> streams, int largest, CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            $"select id from {SchemaNames.Events}.mt_streams where id = any($1) and version > $2");
        command.Parameters.Add(new() { Value = streams.ToArray() });
        command.Parameters.Add(new() { Value = (long)largest });
        return await command.ReadIdsAsync(ct);
    }
}
