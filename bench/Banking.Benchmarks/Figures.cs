using Npgsql;

namespace Banking.Benchmarks;

/// <summary>PostgreSQL's figures of a database.</summary>
internal sealed record Figures(long Commits, long Rollbacks, long Bytes, long ProjectionLag, long OutboxLag)
{
    // The tables do not exist in every database, so their queries are texts that run only if the table exists.
    private const string Query =
        """
        select xact_commit, xact_rollback, pg_database_size(current_database()),
            case when to_regclass('platform.read_model') is null then 0 else (xpath('/row/lag/text()', query_to_xml(
                'select coalesce(max((select max(seq_id) from bank.mt_events) - position), 0) as lag from platform.read_model '
                'where state = ''serving''', false, true, '')))[1]::text::bigint end,
            case when to_regclass('wolverine.wolverine_outgoing_envelopes') is null then 0 else (xpath('/row/n/text()', query_to_xml(
                'select count(*) as n from wolverine.wolverine_outgoing_envelopes', false, true, '')))[1]::text::bigint end
        from pg_stat_database where datname = current_database()
        """;

    public static async Task<Figures> ReadAsync(NpgsqlDataSource source)
    {
        // Other sessions report their counters about a second late, which is accurate enough here.
        await using var command = source.CreateCommand(Query);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return new(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4));
    }
}
