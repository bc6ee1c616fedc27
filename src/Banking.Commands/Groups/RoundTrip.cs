using Npgsql;
using NpgsqlTypes;

namespace Banking.Commands.Groups;

/// <summary>
/// Queries over ids that go to PostgreSQL together, each with a snapshot of its own, in the order in which they were added.
/// </summary>
internal sealed class RoundTrip(NpgsqlTransaction transaction)
{
    private readonly List<(NpgsqlBatchCommand Query, Action<NpgsqlDataReader> Row)> _asked = [];

    /// <param name="row">Takes each row that is found. Without ids there is nothing to ask.</param>
    public RoundTrip Ask(string query, Guid[] ids, Action<NpgsqlDataReader> row)
    {
        if (ids.Length > 0)
        {
            _asked.Add((new(query) { Parameters = { new() { Value = ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid } } }, row));
        }

        return this;
    }

    public async Task RunAsync()
    {
        if (_asked.Count == 0)
        {
            return;
        }

        await using var batch = new NpgsqlBatch(transaction.Connection, transaction);
        foreach (var (query, _) in _asked)
        {
            batch.BatchCommands.Add(query);
        }

        await using var reader = await batch.ExecuteReaderAsync();
        foreach (var (_, row) in _asked)
        {
            while (await reader.ReadAsync())
            {
                row(reader);
            }

            await reader.NextResultAsync();
        }
    }
}
