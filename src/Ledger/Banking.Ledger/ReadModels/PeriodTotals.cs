using Banking.Commands.Periods;
using Banking.EventStore.Storage;
using Banking.Ledger.Domain;
using Banking.ReadModels.Books;
using Banking.SharedKernel;
using Banking.Web.Http;
using Npgsql;

namespace Banking.Ledger.ReadModels;

/// <summary>The totals of the general ledger up to the end of a period, from the sums of days.</summary>
internal sealed class PeriodTotals : IPeriodTotals
{
    private static readonly string Sql =
        $"""
        select currency, scale, sum(debits), sum(credits),
            coalesce(sum(credits - debits) filter (where gl = {Chart.CustomerDeposits.Code}), 0), (sum(entries) / 2)::bigint
        from {LedgerModule.Schema}.{LedgerModel.Day} where effective_on <= $1 group by 1, 2 order by 1, 2
        """;

    public async Task<long> PositionAsync(NpgsqlConnection connection, CancellationToken ct) =>
        (await Generation.ActiveAsync(connection, LedgerModel.ModelName, locked: false, ct))?.Position ?? 0;

    public Task<DateOnly?> FirstDayAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        return connection.ScalarAsync<DateOnly?>($"select min(effective_on) from {LedgerModule.Schema}.{LedgerModel.Day}", [], ct);
    }

    public Task<IReadOnlyList<PeriodTotal>> ReadAsync(NpgsqlConnection connection, DateOnly lastDay, CancellationToken ct)
    {
        return connection.ListAsync(
            Sql,
            [lastDay],
            row =>
            {
                var currency = Currency.FromStored(row.GetString(0), row.GetInt16(1));
                return new PeriodTotal(
                    currency.Code, currency.Scale, Text(2), Text(3), Text(4), row.GetInt64(5));

                string Text(int column) => Amount.OfMinor(row.GetDecimal(column), currency).Value;
            },
            ct);
    }
}
