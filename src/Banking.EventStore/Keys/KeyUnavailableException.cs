namespace Banking.EventStore.Keys;

/// <summary>A stored key cannot be used, or the key outside the database that wraps it cannot.</summary>
public sealed class KeyUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether only this stored key is damaged: the key outside the database is there.</summary>
    public bool IsDamaged { get; init; }
}
