using Banking.EventStore.Keys;
using Npgsql;

namespace Banking.EventStore.Sealing;

/// <summary>The stored text key, for checks of the keys outside the database.</summary>
internal sealed class StoredTextKeys(NpgsqlDataSource source) : IStoredKeys
{
    public async Task<bool> ExistAsync(CancellationToken ct) => await TextKeyTable.FindAsync(source, ct) is not null;

    public async Task<IReadOnlyList<WrappedKey>> ListSamplesAsync(CancellationToken ct) =>
        await TextKeyTable.FindAsync(source, ct) is { } stored ? [stored.Wrapped] : [];
}
