using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Npgsql;

namespace Banking.ReadModels.Rebuilding;

/// <summary>
/// Tables of generations that are neither active nor candidates. They remain when a process ends after a switch and before it has dropped
/// the tables of the version before.
/// </summary>
internal static class EndedTables
{
    /// <summary>Drops those of the given models.</summary>
    public static async Task DropAsync(ReadModelConnections connections, IEnumerable<ReadModel> models, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        foreach (var model in models)
        {
            foreach (var number in await FindAsync(connection, model, ct))
            {
                await ReadModelSchema.DropAsync(connection, model, number);
            }
        }
    }

    private static Task<IReadOnlyList<int>> FindAsync(NpgsqlConnection connection, ReadModel model, CancellationToken ct) =>
        connection.ListAsync(
            $"""
            select generation from {Generation.Table}
            where name = $1 and state in ('{GenerationState.Retired}', '{GenerationState.Cancelled}', '{GenerationState.Failed}')
                and exists (select from unnest($2::text[]) as served where to_regclass(served || '_g' || generation) is not null)
            """,
            [model.Name, model.Tables.Select(t => ReadTables.Served(model)[t.Name]).ToArray()],
            row => row.GetInt32(0),
            ct);
}
