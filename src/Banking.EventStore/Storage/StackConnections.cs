using Npgsql;

namespace Banking.EventStore.Storage;

/// <summary>
/// Connection pool of Marten's own sessions and of Wolverine's message store, an <see cref="NpgsqlDataSource"/> with this service key.
/// Wolverine keeps a lock and settings in a session, and may return it to the pool with them, so each use resets the session. The pool of
/// the bank's own statements does not: a reset takes longer than most of them (docs/decisions/0084).
/// </summary>
public static class StackConnections
{
    public const string Key = "stack";
}
