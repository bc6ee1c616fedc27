using Banking.Commands.Periods;
using Banking.EventStore.Storage;
using Banking.Periods.Domain;
using Npgsql;

namespace Banking.Periods.Closing;

/// <summary>Reads the first month of the bank: the first in which anything was recorded or is effective.</summary>
public sealed class FirstMonth(NpgsqlDataSource source, IPeriodTotals totals, TimeProvider clock)
{
    private const string FirstRecorded =
        $"select min(timestamp) from (select timestamp from {SchemaNames.Events}.mt_events order by seq_id limit 1) e";

    internal async Task<Month> ReadAsync(CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        var recorded = Month.Of(await connection.ScalarAsync<DateTime?>(FirstRecorded, [], ct) ?? clock.GetUtcNow().UtcDateTime);
        return await totals.FirstDayAsync(connection, ct) is { } day && day < recorded.From ? new(new(day.Year, day.Month, 1)) : recorded;
    }
}
