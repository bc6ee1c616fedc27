using System.Text.Json;
using Banking.Customers.Domain;
using Banking.EventStore.Keys;
using Banking.EventStore.Storage;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Customers.Features;

/// <summary>
/// Wraps the stored keys of customers again under another key outside the database, and keys that an earlier version of the bank stored
/// unwrapped. Any host does it, while others read and erase.
/// </summary>
public sealed class KeyRewrapping(CustomerKeys keys, NpgsqlDataSource source, IDocumentStore store) : IRewrapping
{
    internal const string Table = $"{CustomersModule.Schema}_keys.mt_doc_customer_key";
    internal const string WrappedBy = "(data ->> 'wrappedBy')";
    private const int BatchSize = 500;

    public async Task<int> RunAsync(string by, CancellationToken ct)
    {
        var (unavailable, after) = (0, await IsNeededAsync(by, ct) ? Guid.Empty : (Guid?)null);
        while (after is { } last)
        {
            (after, var left) = await RunBatchAsync(by, last, ct);
            unavailable += left;
        }

        return unavailable;
    }

    /// <summary>
    /// Whether another key, or none, wraps a stored one. Asked every half a minute, so it reads only both ends of the index: unwrapped keys
    /// are at its upper end.
    /// </summary>
    private async Task<bool> IsNeededAsync(string by, CancellationToken ct)
    {
        var ends = await source.ListAsync(
            $"""
            (select {WrappedBy} from {Table} order by {WrappedBy} limit 1)
            union all (select {WrappedBy} from {Table} order by {WrappedBy} desc limit 1)
            """,
            [],
            row => row.IsDBNull(0) ? null : row.GetString(0),
            ct);
        return ends.Any(end => end != by);
    }

    private async Task<(Guid? Last, int Unavailable)> RunBatchAsync(string by, Guid after, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // An erasure waits for the lock and then deletes the key. Rows that another host has locked are its work.
        var batch = await connection.ListAsync(
            $"""
            select id, data from {Table} where id > $1 and {WrappedBy} is distinct from $2
            order by id limit {BatchSize} for update skip locked
            """,
            [after, by],
            row => (Id: row.GetGuid(0), Stored: Read(row)),
            ct);
        var wrapped = new List<StoredKey>();
        foreach (var (id, stored) in batch)
        {
            if (stored?.Id == id && await TryWrapAsync(stored, ct) is { } again)
            {
                wrapped.Add(again);
            }
        }

        await connection.ExecuteAsync(
            $"update {Table} k set data = n.data from unnest($1, $2) as n(id, data) where k.id = n.id",
            [
                wrapped.Select(k => k.Id).ToArray(),
                (NpgsqlDbType.Array | NpgsqlDbType.Jsonb).Of(wrapped.Select(store.Options.Serializer().ToJson).ToArray()),
            ],
            ct);
        await transaction.CommitAsync(ct);
        return (batch.Count < BatchSize ? null : batch[^1].Id, batch.Count - wrapped.Count);
    }

    private async Task<StoredKey?> TryWrapAsync(StoredKey stored, CancellationToken ct)
    {
        try
        {
            return await keys.WrapAsync(await keys.UnwrapAsync(stored, ct), ct);
        }
        catch (KeyUnavailableException)
        {
            // Counted by the difference; the caller reports it.
            return null;
        }
    }

    /// <summary>Null if the stored key cannot be read.</summary>
    private StoredKey? Read(NpgsqlDataReader row)
    {
        try
        {
            return store.Options.Serializer().FromJson<StoredKey>(row, 1);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
