using Banking.EventStore.Storage;
using Banking.Ledger.Domain;
using Banking.SharedKernel;
using Npgsql;

namespace Banking.Ledger.ReadModels;

/// <summary>
/// Reads the balances of all GL accounts, for an effective day as known at an instant. Trial balance, balance sheet and chart show them in
/// three ways. One statement reads one snapshot, so every entry is included with both of its lines or not at all.
/// </summary>
public sealed class GlBalances(NpgsqlDataSource source, LedgerModel model)
{
    /// <summary>
    /// Without an instant, the balances are the sums of the days; no row of the journal is read. The answer includes everything that the
    /// model has, up to the position in the header Ledger-Position.
    /// </summary>
    private const string Now =
        $"""
        select gl, currency, scale, sum(debits), sum(credits) from {LedgerModule.Schema}.{LedgerModel.Day}
        where effective_on <= $1 group by gl, currency, scale order by currency, scale, gl
        """;

    /// <summary>
    /// Sums are stored per day of recording too, and per chunk. So only the day of the instant is read by chunks: those up to the instant
    /// are added to the sums of the days before, or those after it are subtracted from the sums that include the day, whichever are fewer.
    /// They are summed before each makes two lines. The tables are named in the order of the model, as in the switch to a rebuilt
    /// generation, so that readers and the switch lock the views in the same order.
    /// </summary>
    private readonly string _then =
        $"""
        select gl, currency, scale, sum(debits), sum(credits) from (
            select line.gl, j.currency, j.scale, line.debits * $6 as debits, line.credits * $6 as credits, j.entries * $6 as entries
            from (
                select counter, currency, scale, sum(debits) as debits, sum(credits) as credits, sum(entries) as entries
                from ({GlChunk.Between(model.ChunkPositions, "$7", "$3", "$4", "effective_on <= $1")}) l
                group by counter, currency, scale) j
            cross join lateral (values ($5, j.credits, j.debits), (j.counter, j.debits, j.credits)) as line(gl, debits, credits)
            union all
            select gl, currency, scale, sum(debits), sum(credits), sum(entries) from {LedgerModule.Schema}.{LedgerModel.Day}
            where effective_on <= $1 and recorded_on < $2 group by gl, currency, scale) as known
        group by gl, currency, scale having sum(entries) > 0 order by currency, scale, gl
        """;

    /// <summary>
    /// About how many positions are before each instant, by binary search: recorded times rise with positions, apart from a few seconds.
    /// </summary>
    private const string PositionsBefore =
        $"""
        with recursive search(at, low, high) as (
            select b.at, (select min(position) from {LedgerModule.Schema}.{LedgerModel.Journal}),
                (select max(position) from {LedgerModule.Schema}.{LedgerModel.Journal}) from unnest($1) as b(at)
            union all
            select s.at, case when j.recorded_at < s.at then m.middle + 1 else s.low end,
                case when j.recorded_at < s.at then s.high else m.middle end
            from search s
            cross join lateral (select (s.low + s.high) / 2 as middle) m
            cross join lateral (
                select recorded_at from {LedgerModule.Schema}.{LedgerModel.Journal}
                where position <= m.middle order by position desc limit 1) j
            where s.low < s.high)
        select low from search where low = high order by at
        """;

    /// <summary>Ordered by currency and chart. A GL account is left out for currencies in which it has no entries.</summary>
    /// <param name="upTo">The last effective day included.</param>
    /// <param name="knownAt">Only entries recorded by this instant; all entries if null.</param>
    public async Task<IReadOnlyList<GlBalance>> ReadAsync(DateOnly upTo, DateTimeOffset? knownAt, CancellationToken ct) =>
        await source.ListAsync(
            knownAt is null ? Now : _then,
            knownAt is { } instant ? await ValuesAsync(upTo, instant.UtcDateTime, ct) : [upTo],
            row => new GlBalance(
                Chart.Of(row.GetInt16(0)),
                Currency.FromStored(row.GetString(1), row.GetInt16(2)),
                row.GetDecimal(3),
                row.GetDecimal(4)),
            ct);

    private async Task<object?[]> ValuesAsync(DateOnly upTo, DateTime knownAt, CancellationToken ct)
    {
        var day = DateOnly.FromDateTime(knownAt);
        var from = day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);
        var to = from.AddDays(1);
        // PostgreSQL stores microseconds: what was recorded in that of the instant was known.
        var after = knownAt.AddTicks(TimeSpan.TicksPerMicrosecond - (knownAt.Ticks % TimeSpan.TicksPerMicrosecond));
        return await source.ListAsync(PositionsBefore, [new[] { from, after, to }], row => row.GetInt64(0), ct)
            is [var first, var known, var last] && last - known < known - first
            ? [upTo, day.AddDays(1), after, to, Chart.CustomerDeposits.Code, -1, day]
            : [upTo, day, from, after, Chart.CustomerDeposits.Code, 1, day];
    }
}
