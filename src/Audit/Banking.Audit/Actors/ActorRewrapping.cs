using Banking.EventStore.Keys;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Audit.Actors;

/// <summary>
/// Wraps the names of actors again after a rotation, also of those who are not seen any more. A name that cannot be unwrapped stays as it
/// is and is not counted: an audit does not depend on names.
/// </summary>
public sealed class ActorRewrapping(CheckedWrapping wrapping, NpgsqlDataSource source) : IRewrapping
{
    private const int BatchSize = 500;

    private readonly ActorNames _names = new(wrapping);

    public async Task<int> RunAsync(string by, CancellationToken ct)
    {
        for (string? after = ""; after is not null;)
        {
            after = await RunBatchAsync(by, after, ct);
        }

        return 0;
    }

    /// <returns>The last actor of the batch; null if there are no more.</returns>
    private async Task<string?> RunBatchAsync(string by, string after, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // An erasure waits for the lock and then deletes the row. Rows that another host has locked are its work.
        var batch = await connection.ListAsync(
            $"""
            select actor, name_wrapped_by, name from {ActorTable.Name}
            where actor > $1 and name is not null and name_wrapped_by <> $2 order by actor limit {BatchSize} for update skip locked
            """,
            [after, by],
            row => (Actor: row.GetString(0), Name: new WrappedKey(row.GetString(1), row.GetString(2))),
            ct);
        var wrapped = new List<(string Actor, WrappedKey Name)>();
        foreach (var (actor, name) in batch)
        {
            if (await TryWrapAsync(name, ct) is { } again)
            {
                wrapped.Add((actor, again));
            }
        }

        await connection.ExecuteAsync(
            $"""
            update {ActorTable.Name} a set name = n.name, name_wrapped_by = n.wrapped_by
            from unnest($1, $2, $3) as n(actor, name, wrapped_by) where a.actor = n.actor
            """,
            [
                wrapped.Select(w => w.Actor).ToArray(),
                wrapped.Select(w => w.Name.Text).ToArray(),
                wrapped.Select(w => w.Name.By).ToArray(),
            ],
            ct);
        await transaction.CommitAsync(ct);
        return batch.Count < BatchSize ? null : batch[^1].Actor;
    }

    private async Task<WrappedKey?> TryWrapAsync(WrappedKey name, CancellationToken ct)
    {
        try
        {
            return await _names.WrapAgainAsync(name, ct);
        }
        catch (KeyUnavailableException)
        {
            // The name is shown again when its key is back.
            return null;
        }
    }
}
