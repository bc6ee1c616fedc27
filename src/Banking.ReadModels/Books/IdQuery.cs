using Npgsql;

namespace Banking.ReadModels.Books;

internal static class IdQuery
{
    /// <summary>Reads the ids that a query selects.</summary>
    public static async Task<IReadOnlyList<Guid>> ReadIdsAsync(this NpgsqlCommand command, CancellationToken ct)
    {
        await using var reader = await command.ExecuteReaderAsync(ct);
        var ids = new List<Guid>();
        while (await reader.ReadAsync(ct))
        {
            ids.Add(reader.GetGuid(0));
        }

        return ids;
    }
}
