using Banking.ReadModels.Books;
using NpgsqlTypes;

namespace Banking.Accounts.ReadModels;

/// <summary>Writes the sums of <see cref="Chunks"/>.</summary>
internal static class ChunkSums
{
    /// <summary>Adds the sums of the chunks of a level that a page completes.</summary>
    /// <param name="last">The last entry of each of these chunks.</param>
    public static async Task AddAsync(RowWriter rows, ReadTables tables, int level, List<EntryRow> last, CancellationToken ct)
    {
        if (last.Count == 0)
        {
            return;
        }

        await rows.ExecuteAsync(
            $"""
            insert into {tables[EntriesModel.Day]}
                (account, level, chunk, day, credits, debits, movements, events, last_version, effective_from, effective_to)
            select account, {level}, chunk, day, sum(credits), sum(debits), sum(movements), sum(events), max(last_version),
                min(effective_from), max(effective_to)
            from ({(level == 0 ? OfEntries(tables) : OfChunks(tables, level - 1))}) as part group by account, chunk, day
            """,
            ct,
            RowWriter.Column(last, NpgsqlDbType.Uuid, r => r.Account),
            RowWriter.Column(last, NpgsqlDbType.Integer, r => (int)(r.Version / Chunks.SizeOf(level)) - 1));
    }

    private static string OfEntries(ReadTables tables) =>
        $"""
        select e.account, s.chunk, (e.effective_at at time zone 'UTC')::date as day,
            greatest(e.amount, 0) as credits, greatest(-e.amount, 0) as debits, e.movement::int as movements, 1 as events,
            e.version as last_version, e.effective_at as effective_from, e.effective_at as effective_to
        from unnest($1, $2) as s(account, chunk)
        join {tables[EntriesModel.Entry]} e on e.account = s.account
            and e.version > s.chunk::bigint * {Chunks.Size} and e.version <= (s.chunk + 1)::bigint * {Chunks.Size}
        """;

    private static string OfChunks(ReadTables tables, int level) =>
        $"""
        select d.account, s.chunk, d.day, d.credits, d.debits, d.movements, d.events, d.last_version, d.effective_from, d.effective_to
        from unnest($1, $2) as s(account, chunk)
        join {tables[EntriesModel.Day]} d on d.account = s.account and d.level = {level}
            and d.chunk >= s.chunk * {Chunks.FanOut} and d.chunk < (s.chunk + 1) * {Chunks.FanOut}
        """;
}
