using System.Globalization;
using Banking.Ledger.Domain;
using Banking.ReadModels.Books;
using NpgsqlTypes;

namespace Banking.Ledger.ReadModels;

/// <summary>
/// Sums of a chunk of the journal, which is a fixed number of positions, with the first and the last recorded time. So a part of a busy day
/// of recording is read as whole chunks and the rows of one more. The key has the counter account; customer deposits have the opposite.
/// </summary>
internal static class GlChunk
{
    /// <summary>
    /// Positions of a chunk. Half as many would double the rows of an import, in which each chunk has all effective days.
    /// </summary>
    public const int Positions = 32_768;

    private const string Key = "recorded_on, chunk, counter, currency, scale, effective_on";

    public static ReadTable Table(int positions, string codes) => new(
        LedgerModel.Chunk,
        "recorded_on date not null, chunk bigint not null, counter smallint not null, currency text not null, scale smallint not null, "
            + "effective_on date not null, debits numeric not null, credits numeric not null, entries bigint not null, "
            + "first_recorded_at timestamptz not null, last_recorded_at timestamptz not null",
        Key)
    {
        Derivation = new(
            LedgerModel.Journal,
            "effective_on",
            $$"""
            select (recorded_at at time zone 'UTC')::date as recorded_on, position / {{Number(positions)}} as chunk,
                counter, currency, scale, effective_on, coalesce(sum(credit) filter (where credit > 0), 0)::numeric as debits,
                coalesce(-sum(credit) filter (where credit < 0), 0)::numeric as credits, count(*) as entries,
                min(recorded_at) as first_recorded_at, max(recorded_at) as last_recorded_at
            from {from} where counter = any('{{codes}}') and {condition} group by 1, 2, 3, 4, 5, 6
            """,
            ["debits", "credits", "entries"])
        {
            ChunkPositions = positions,
        },
    };

    /// <summary>
    /// The query for the sums of journal rows recorded from one instant to before another, both of one day of recording, by counter
    /// account, currency and effective day. It names the tables in the order of the model.
    /// </summary>
    /// <param name="condition">A condition on counter, currency, scale and effective_on.</param>
    public static string Between(int positions, string day, string from, string to, string condition)
    {
        // A chunk is read row by row if any of its sums includes rows within and rows outside the interval.
        var (size, partial) = (Number(positions), "array(select distinct chunk from part where not is_whole)");
        return $"""
            with part as materialized (
                select *, first_recorded_at >= {from} and last_recorded_at < {to} as is_whole
                from {LedgerModule.Schema}.{LedgerModel.Chunk}
                where recorded_on = {day} and first_recorded_at < {to} and last_recorded_at >= {from})
            select counter, currency, scale, effective_on, debits, credits, entries from part
            where {condition} and chunk <> all ({partial})
            union all
            select j.counter, j.currency, j.scale, j.effective_on, j.debits, j.credits, j.entries
            from unnest({partial}) as c(chunk) cross join lateral (
                select counter, currency, scale, effective_on, coalesce(sum(credit) filter (where credit > 0), 0)::numeric as debits,
                    coalesce(-sum(credit) filter (where credit < 0), 0)::numeric as credits, count(*) as entries
                from {LedgerModule.Schema}.{LedgerModel.Journal}
                where position >= c.chunk * {size} and position < (c.chunk + 1) * {size}
                    and recorded_at >= {from} and recorded_at < {to} and {condition}
                group by counter, currency, scale, effective_on) j
            """;
    }

    public static Task AddAsync(
        RowWriter rows, ReadTables tables, int positions, IReadOnlyList<JournalEntry> entries, CancellationToken ct)
    {
        var chunks = entries
            .GroupBy(e => (
                RecordedOn: DateOnly.FromDateTime(e.RecordedAt.UtcDateTime), Chunk: e.Position / positions, Counter: e.Counter.Code,
                e.Credit.Currency, e.EffectiveOn))
            .Select(g => (
                g.Key, Debits: g.Sum(e => (decimal)Math.Max(e.Credit.Minor, 0)), Credits: g.Sum(e => -(decimal)Math.Min(e.Credit.Minor, 0)),
                Entries: g.LongCount(), First: g.Min(e => e.RecordedAt.UtcDateTime), Last: g.Max(e => e.RecordedAt.UtcDateTime)))
            .ToList();
        return rows.ExecuteAsync(
            $"""
            insert into {tables[LedgerModel.Chunk]} as c ({Key}, debits, credits, entries, first_recorded_at, last_recorded_at)
            select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            on conflict ({Key}) do update set debits = c.debits + excluded.debits, credits = c.credits + excluded.credits,
                entries = c.entries + excluded.entries, first_recorded_at = least(c.first_recorded_at, excluded.first_recorded_at),
                last_recorded_at = greatest(c.last_recorded_at, excluded.last_recorded_at)
            """,
            ct,
            RowWriter.Column(chunks, NpgsqlDbType.Date, c => c.Key.RecordedOn),
            RowWriter.Column(chunks, NpgsqlDbType.Bigint, c => c.Key.Chunk),
            RowWriter.Column(chunks, NpgsqlDbType.Smallint, c => c.Key.Counter),
            RowWriter.Column(chunks, NpgsqlDbType.Text, c => c.Key.Currency.Code),
            RowWriter.Column(chunks, NpgsqlDbType.Smallint, c => (short)c.Key.Currency.Scale),
            RowWriter.Column(chunks, NpgsqlDbType.Date, c => c.Key.EffectiveOn),
            RowWriter.Column(chunks, NpgsqlDbType.Numeric, c => c.Debits),
            RowWriter.Column(chunks, NpgsqlDbType.Numeric, c => c.Credits),
            RowWriter.Column(chunks, NpgsqlDbType.Bigint, c => c.Entries),
            RowWriter.Column(chunks, NpgsqlDbType.TimestampTz, c => c.First),
            RowWriter.Column(chunks, NpgsqlDbType.TimestampTz, c => c.Last));
    }

    private static string Number(int positions) => positions.ToString(CultureInfo.InvariantCulture);
}
