using Banking.EventStore.Keys;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Audit.Actors;

/// <summary>An actor as stored.</summary>
/// <param name="Name">The name, wrapped; null if no token had one.</param>
internal sealed record StoredActor(string Actor, WrappedKey? Name, DateTimeOffset FirstSeen, DateTimeOffset LastSeen)
{
    /// <summary>The columns to select from the table, which the query calls a.</summary>
    public const string Columns = "a.actor, a.name, a.name_wrapped_by, a.first_seen, a.last_seen";

    /// <summary>Null if the row has no actor.</summary>
    public static StoredActor? Read(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : new(
        row.GetString(column),
        row.IsDBNull(column + 1) ? null : new(row.GetOrDefault<string>(column + 2) ?? "", row.GetString(column + 1)),
        row.GetFieldValue<DateTimeOffset>(column + 3),
        row.GetFieldValue<DateTimeOffset>(column + 4));
}
