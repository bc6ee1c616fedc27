using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.EventStore.Epochs;

/// <summary>
/// Where the event log lies: PostgreSQL's system identifier and timeline, the database, and the file of the log's sequence, which a logical
/// restore creates again. A part that the host's role may not read is unknown.
/// </summary>
public sealed record LogPlace(string? System, string? Timeline, string Database)
{
    private const string Unknown = "-";

    /// <summary>Whether two places certainly differ.</summary>
    public bool DiffersFrom(LogPlace other)
    {
        return Database != other.Database || Differ(System, other.System) || Differ(Timeline, other.Timeline);
    }

    public static bool IsPlace(string text) => text.Split('/').Length == 3;

    public static LogPlace Parse(string text)
    {
        return text.Split('/') is [var system, var timeline, var database]
            ? new(Known(system), Known(timeline), database)
            : throw new FormatException($"'{text}' is not the place of a log.");
    }

    public override string ToString() => $"{System ?? Unknown}/{Timeline ?? Unknown}/{Database}";

    public static async Task<LogPlace> ReadAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var (database, canReadSystem, hasTimeline) = (await connection.ListAsync(
            $"""
            select oid || ':' || coalesce(pg_relation_filenode('{SchemaNames.Events}.mt_events_sequence'), 0),
                has_function_privilege('pg_catalog.pg_control_system()', 'execute'),
                not pg_is_in_recovery() and has_function_privilege('pg_catalog.pg_current_wal_insert_lsn()', 'execute')
                    and has_function_privilege('pg_catalog.pg_walfile_name(pg_lsn)', 'execute')
            from pg_database where datname = current_database()
            """,
            [],
            row => (row.GetString(0), row.GetBoolean(1), row.GetBoolean(2)),
            ct))[0];
        var system = canReadSystem
            ? await connection.ScalarAsync<string>("select system_identifier::text from pg_control_system()", [], ct)
            : null;
        // The control file has a new timeline only after the next checkpoint.
        var timeline = hasTimeline
            ? await connection.ScalarAsync<string>("select left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)", [], ct)
            : null;
        return new(system, timeline, database);
    }

    private static bool Differ(string? one, string? other) => one is not null && other is not null && one != other;

    private static string? Known(string part) => part == Unknown ? null : part;
}
