using System.Globalization;
using Banking.Commands.Periods;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Ledger.ReadModels;

/// <summary>
/// Checks that the sums of days up to the end of the period, from which its totals come, are those of the journal. One statement, so both
/// are of the same snapshot.
/// </summary>
internal sealed class SumsCheck(NpgsqlDataSource source, LedgerModel model) : IPeriodCheck
{
    private const string Days = $"{LedgerModule.Schema}.{LedgerModel.Day}";

    private const string Key = "gl, currency, scale, effective_on, recorded_on";

    private readonly string _sql =
        $"""
        with derived as ({model.Days.Query
            .Replace("{from}", $"{LedgerModule.Schema}.{LedgerModel.Journal}", StringComparison.Ordinal)
            .Replace("{condition}", "effective_on <= $1", StringComparison.Ordinal)})
        select distinct effective_on from (select * from {Days} where effective_on <= $1) d full join derived j using ({Key})
        where (d.debits, d.credits, d.entries) is distinct from (j.debits, j.credits, j.entries) order by 1
        """;

    public string Name => "ledger-sums";

    public async Task<PeriodCheckResult> RunAsync(ClosingPeriod period, CancellationToken ct)
    {
        var days = await source.ListAsync(_sql, [period.To.AddDays(-1)], row => row.GetFieldValue<DateOnly>(0), ct, timeoutSeconds: 0);
        return days.Count == 0
            ? PeriodCheckResult.Of(true, "The sums of the general ledger are those of its journal.")
            : PeriodCheckResult.Of(
                false, "Sums of the general ledger differ from its journal. Run verify, and repair what it finds.",
                ("days", days.Count.ToString(CultureInfo.InvariantCulture)),
                ("first", days[0].ToString("O", CultureInfo.InvariantCulture)));
    }
}
