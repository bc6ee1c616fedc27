namespace Banking.EventStore.Keys;

/// <summary>A key outside the database, which wraps keys in it, cannot be used.</summary>
public sealed class KeyUnavailableException(string message, Exception inner) : Exception(message, inner);
