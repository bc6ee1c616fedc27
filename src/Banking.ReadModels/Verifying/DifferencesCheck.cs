using System.Globalization;
using Banking.Commands.Periods;
using Banking.ReadModels.Comparing;
using Npgsql;

namespace Banking.ReadModels.Verifying;

/// <summary>
/// Checks that no stored data is known to differ from the log, that no event is known to be unreadable, and that the read models agree.
/// </summary>
internal sealed class DifferencesCheck(NpgsqlDataSource source, BankTotals totals) : IPeriodCheck
{
    /// <summary>Only the first differences: /ops/projections lists all of them.</summary>
    private const int MaxShown = 10;

    public string Name => "differences";

    public async Task<PeriodCheckResult> RunAsync(ClosingPeriod period, CancellationToken ct)
    {
        var open = (await SentinelStatus.ReadAsync(source, ct)).Open;
        var compared = await totals.CompareAsync(ct);
        var found = open.Concat(compared ?? []).Concat(await totals.ProgressAsync(ct)).ToList();
        return found.Count == 0 && compared is null
            ? PeriodCheckResult.Of(
                false, "Entries and journal were not compared: they were never at the same position. GET /ops/projections shows theirs.")
            : found.Count == 0
            ? PeriodCheckResult.Of(true, "Entries and journal have the same totals, and no difference from the log is known.")
            : PeriodCheckResult.Of(
                false, "Stored data differs from the log, or read models from each other. Run verify, and repair what it finds.",
                [
                    ("differences", found.Count.ToString(CultureInfo.InvariantCulture)),
                    .. found.Take(MaxShown).Select((d, i) => ($"{i + 1}", $"{d.Model} {d.Table} {d.Stream}".TrimEnd())),
                ]);
    }
}
