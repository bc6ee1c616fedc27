namespace Banking.EventStore.Keys;

/// <summary>The keys that a module stores, for checks of the keys outside the database.</summary>
public interface IStoredKeys
{
    /// <summary>Whether there is any, wrapped or not.</summary>
    Task<bool> ExistAsync(CancellationToken ct);

    /// <summary>Finds one stored key for each key outside the database that wraps stored keys.</summary>
    Task<IReadOnlyList<WrappedKey>> ListSamplesAsync(CancellationToken ct);
}
