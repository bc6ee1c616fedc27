using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.EventStore.Epochs;

/// <summary>The epochs in the database.</summary>
public static class EpochTable
{
    public const string Name = SchemaNames.Platform + ".log_epoch";

    /// <summary>Creates the table and the first epoch. Idempotent.</summary>
    internal const string Create =
        $"""
        create table if not exists {Name} (
            number bigint primary key, id uuid not null unique, first_position bigint not null, cause text not null, place text not null,
            began_at timestamptz not null default clock_timestamp());
        insert into {Name} (number, id, first_position, cause, place)
            select 1, gen_random_uuid(), 1, '{EpochCause.Created}', '-/-/' where not exists (select from {Name});
        """;

    /// <summary>Query for the id of the current epoch as text.</summary>
    internal const string CurrentSql = $"select id::text from {Name} order by number desc limit 1";

    /// <summary>Key of the advisory lock under which epochs begin.</summary>
    private const long Lock = 0x65706f6368;

    public static async Task<EpochHistory> ReadAsync(NpgsqlConnection connection, CancellationToken ct) => new(await connection.ListAsync(
        $"select number, id, first_position, cause, place from {Name} order by number",
        [],
        row => new LogEpoch(row.GetInt64(0), row.GetGuid(1), row.GetInt64(2), row.GetString(3), row.GetString(4)),
        ct));

    /// <summary>Keeps other hosts from beginning an epoch until the transaction ends.</summary>
    public static Task LockAsync(NpgsqlConnection connection, CancellationToken ct) =>
        connection.ExecuteAsync("select pg_advisory_xact_lock($1)", [Lock], ct);

    /// <summary>Adds an epoch that the database lacks after all others.</summary>
    public static Task AddAsync(NpgsqlConnection connection, LogEpoch lost, CancellationToken ct)
    {
        return connection.ExecuteAsync(
            $"insert into {Name} (number, id, first_position, cause, place) "
                + $"select coalesce(max(number), 0) + 1, $1, $2, $3, $4 from {Name}",
            [lost.Id, lost.FirstPosition, lost.Cause, lost.Place],
            ct);
    }

    /// <summary>Begins an epoch. Call <see cref="LockAsync"/> before.</summary>
    public static Task BeginAsync(NpgsqlConnection connection, long first, string cause, LogPlace place, CancellationToken ct) =>
        connection.ExecuteAsync(
            $"insert into {Name} (number, id, first_position, cause, place) "
                + $"select coalesce(max(number), 0) + 1, gen_random_uuid(), $1, $2, $3 from {Name}",
            [first, cause, place.ToString()],
            ct);

    /// <summary>
    /// Begins the epoch of a log that was just restored. Its first position is the first one that the log does not certainly have:
    /// transactions that had not ended at the restored moment are missing between others.
    /// </summary>
    /// <param name="complete">A position up to which the log is complete.</param>
    public static async Task BeginRestoredAsync(NpgsqlConnection connection, long complete, CancellationToken ct)
    {
        var first = await connection.ScalarAsync<long>(
            $"""
            select min(position) + 1 from (
                select position, lead(position) over (order by position) as next from (
                    select $1 as position union select seq_id from {SchemaNames.Events}.mt_events where seq_id > $1) p) e
            where next is distinct from position + 1
            """,
            [complete],
            ct);
        await BeginAsync(connection, first, EpochCause.Restored, await LogPlace.ReadAsync(connection, ct), ct);
    }
}
