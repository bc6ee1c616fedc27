using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace Banking.EmbeddedPostgres.Backups;

/// <summary>Which cluster answers, and how far its write-ahead log is on disk.</summary>
internal sealed record ServerLocation(string SystemIdentifier, uint Timeline, long SegmentBytes, ulong Flushed, DateTimeOffset At)
{
    public static async Task<ServerLocation> ReadAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            """
            select system_identifier::text, left(pg_walfile_name(flushed), 8), setting::bigint, flushed, at
            from pg_control_system(), (select clock_timestamp() as at, pg_current_wal_flush_lsn() as flushed) server, pg_settings
            where name = 'wal_segment_size'
            """,
            connection);
        await using var row = await command.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        return new(
            row.GetString(0),
            uint.Parse(row.GetString(1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
            row.GetInt64(2),
            (ulong)row.GetFieldValue<NpgsqlLogSequenceNumber>(3),
            row.GetFieldValue<DateTimeOffset>(4));
    }
}
