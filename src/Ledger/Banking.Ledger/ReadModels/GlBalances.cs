using Banking.Ledger.Domain;
using Banking.SharedKernel;
using Npgsql;

namespace Banking.Ledger.ReadModels;

/// <summary>
/// What every GL account holds, for any effective day as known at any instant: trial balance, balance sheet and chart are three ways of
/// showing it. One statement, hence one snapshot: every entry is in it with both of its lines or with none, whatever is booked meanwhile.
/// </summary>
public sealed class GlBalances(NpgsqlDataSource source)
{
    /// <summary>
    /// All that is known is the sum of the days. No row of the journal is looked at, because a model that is read without an instant
    /// answers with all it has, and says by Ledger-Position how much that is.
    /// </summary>
    private const string Now =
        $"""
        select gl, currency, scale, sum(debits), sum(credits) from {LedgerModule.Schema}.{LedgerModel.Day}
        where effective_on <= $1 group by gl, currency, scale order by currency, scale, gl
        """;

    /// <summary>
    /// Sums are kept by the day of recording as well, so those of the days before are known whole; of the day of the instant, which they
    /// hold only in one piece, the entries decide one by one. They lie together in the journal, and its index on recorded_at finds them.
    /// The journal comes first, as it does where a rebuilt generation takes over: readers and that one lock the views in one order.
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

    /// <summary>By currency and within it in the order of the chart; a GL account without an entry in a currency is not there.</summary>
    /// <param name="upTo">The last effective day that counts.</param>
    /// <param name="knownAt">What was recorded up to and at this instant; all that the model has where it is null.</param>
    public async Task<IReadOnlyList<GlBalance>> ReadAsync(DateOnly upTo, DateTimeOffset? knownAt, CancellationToken ct)
    {
        await using var command = source.CreateCommand(knownAt is null ? Now : Then);
        command.Parameters.Add(new() { Value = upTo });
        if (knownAt is { } instant)
        {
            var day = DateOnly.FromDateTime(instant.UtcDateTime);
            command.Parameters.Add(new() { Value = day });
            command.Parameters.Add(new() { Value = day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc) });
            command.Parameters.Add(new() { Value = instant.UtcDateTime });
            command.Parameters.Add(new() { Value = Chart.CustomerDeposits.Code });
        }

        await using var reader = await command.ExecuteReaderAsync(ct);
        var balances = new List<GlBalance>();
        while (await reader.ReadAsync(ct))
        {
            balances.Add(
                new(
                    Chart.Of(reader.GetInt16(0)),
                    Currency.Stored(reader.GetString(1), reader.GetInt16(2)),
                    reader.GetDecimal(3),
                    reader.GetDecimal(4)));
        }

        return balances;
    }
}
