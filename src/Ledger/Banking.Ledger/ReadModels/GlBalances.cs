using Banking.EventStore.Storage;
using Banking.Ledger.Domain;
using Banking.SharedKernel;
using Npgsql;

namespace Banking.Ledger.ReadModels;

/// <summary>
/// Reads the balances of all GL accounts, for an effective day as known at an instant. Trial balance, balance sheet and chart show them in
/// three ways. One statement reads one snapshot, so every entry is included with both of its lines or not at all.
/// </summary>
public sealed class GlBalances(NpgsqlDataSource source)
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
    /// Sums are stored per day of recording too. So the sums of all earlier days are used whole, and only the entries recorded on the day
    /// of the instant are read one by one, by the index on recorded_at. The journal comes first, as in the switch to a rebuilt generation,
    /// so that readers and the switch lock the views in the same order.
    /// </summary>
    private const string Then =
        $"""
        select gl, currency, scale, sum(debits), sum(credits) from (
            select line.gl, j.currency, j.scale, greatest(line.amount, 0) as debits, greatest(-line.amount, 0) as credits
            from {LedgerModule.Schema}.{LedgerModel.Journal} j
            cross join lateral (values ($5, -j.credit), (j.counter, j.credit)) as line(gl, amount)
            where j.effective_on <= $1 and j.recorded_at >= $3 and j.recorded_at <= $4
            union all
            select gl, currency, scale, debits, credits from {LedgerModule.Schema}.{LedgerModel.Day}
            where effective_on <= $1 and recorded_on < $2) as known
        group by gl, currency, scale order by currency, scale, gl
        """;

    /// <summary>Ordered by currency and chart. A GL account is left out for currencies in which it has no entries.</summary>
    /// <param name="upTo">The last effective day included.</param>
    /// <param name="knownAt">Only entries recorded by this instant; all entries if null.</param>
    public Task<IReadOnlyList<GlBalance>> ReadAsync(DateOnly upTo, DateTimeOffset? knownAt, CancellationToken ct)
    {
        object?[] values = [upTo];
        if (knownAt is { } instant)
        {
            var day = DateOnly.FromDateTime(instant.UtcDateTime);
            values =
                [upTo, day, day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc), instant.UtcDateTime, Chart.CustomerDeposits.Code];
        }

        return source.ListAsync(
            knownAt is null ? Now : Then,
            values,
            row => new GlBalance(
                Chart.Of(row.GetInt16(0)),
                Currency.FromStored(row.GetString(1), row.GetInt16(2)),
                row.GetDecimal(3),
                row.GetDecimal(4)),
            ct);
    }
}
