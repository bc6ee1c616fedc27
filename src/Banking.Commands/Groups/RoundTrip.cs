using Npgsql;
using NpgsqlTypes;

namespace Banking.Commands.Groups;

/// <summary>
/// Sends queries by id to PostgreSQL in one batch. Each has its own snapshot; they run in the order in which they were added.
/// </summary>
internal sealed class RoundTrip(NpgsqlTransaction transaction)
{
    private readonly List<(NpgsqlBatchCommand Query, Action<NpgsqlDataReader> Row)> _queries = [];

    /// <param name="row">Receives each row found. A query without ids is not sent.</param>
    public RoundTrip Add(string query, Guid[] ids, Action<NpgsqlDataReader> row)
    {
        if (ids.Length > 0)
        {
            var parameter = new NpgsqlParameter { Value = ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid };
            _queries.Add((new(query) { Parameters = { parameter } }, row));
        }

        return this;
    }

    public async Task RunAsync()
    {
        if (_queries.Count == 0)
        {
            return;
        }

        await using var batch = new NpgsqlBatch(transaction.Connection, transaction);
        foreach (var (query, _) in _queries)
        {
            batch.BatchCommands.Add(query);
        }

        await using var reader = await batch.ExecuteReaderAsync();
        foreach (var (_, row) in _queries)
        {
            while (await reader.ReadAsync())
            {
                row(reader);
            }

            await reader.NextResultAsync();
        }
    }
}
