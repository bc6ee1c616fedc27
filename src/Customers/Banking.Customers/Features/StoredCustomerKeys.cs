using Banking.EventStore.Keys;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Customers.Features;

/// <summary>The stored keys of customers, for checks of the keys outside the database.</summary>
internal sealed class StoredCustomerKeys(NpgsqlDataSource source) : IStoredKeys
{
    public Task<bool> ExistAsync(CancellationToken ct) =>
        source.ScalarAsync<bool>($"select exists (select from {KeyRewrapping.Table})", [], ct);

    public async Task<IReadOnlyList<WrappedKey>> ListSamplesAsync(CancellationToken ct)
    {
        var samples = new List<WrappedKey>();
        await using var connection = await source.OpenConnectionAsync(ct);
        // By the index, from one id to the next: there are few ids and many keys.
        for (var by = ""; ; by = samples[^1].By)
        {
            var next = await connection.ListAsync(
                $"""
                select {KeyRewrapping.WrappedBy}, coalesce(data ->> 'wrapped', '') from {KeyRewrapping.Table}
                where {KeyRewrapping.WrappedBy} > $1 order by {KeyRewrapping.WrappedBy} limit 1
                """,
                [by],
                row => new WrappedKey(row.GetString(0), row.GetString(1)),
                ct);
            if (next.Count == 0)
            {
                return samples;
            }

            samples.AddRange(next);
        }
    }
}
