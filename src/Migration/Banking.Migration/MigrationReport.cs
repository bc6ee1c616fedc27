using System.Text.Json;
using System.Text.Json.Serialization;

namespace Banking.Migration;

/// <summary>
/// The report of an import as scripts read it: one object whose members come in this order and keep their names. Amounts are decimal
/// strings, because a JSON number is a binary fraction to most readers.
/// </summary>
/// <param name="ClosingBalance">Sum of the balances that the bank holds on these accounts when the import is over: what was booked here
/// since an earlier one is in it.</param>
/// <param name="Seconds">How long the import took; time is no money, so it may be a fraction.</param>
/// <param name="Imported">False when everything was there already and nothing was written.</param>
/// <param name="Copies">
/// How many banks of this history the figures are of. Discrepancies are the same rows in each and listed once, so that exact, rounded and
/// copies times the discrepancies make the transactions.
/// </param>
public sealed record MigrationReport(
    int Customers,
    int Accounts,
    int Transactions,
    int Exact,
    int Rounded,
    IReadOnlyList<ReportedDiscrepancy> Discrepancies,
    string Credits,
    string Debits,
    string ClosingBalance,
    double Seconds,
    double EventsPerSecond,
    bool Imported,
    int Copies)
{
    public static MigrationReport Of(ReconciliationSummary summary, double seconds, double eventsPerSecond, bool imported)
    {
        ArgumentNullException.ThrowIfNull(summary);
        return new(
            summary.Customers,
            summary.Accounts,
            summary.Transactions,
            summary.Exact,
            summary.Rounded,
            [.. summary.Discrepancies.Select(ReportedDiscrepancy.Of)],
            summary.Credits.ToDecimalString(),
            summary.Debits.ToDecimalString(),
            summary.ClosingBalance.ToDecimalString(),
            seconds,
            eventsPerSecond,
            imported,
            summary.Copies);
    }

    /// <summary>The report as indented JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, MigrationReportJson.Default.MigrationReport);
}

/// <summary>A discrepancy as scripts read it: ids are the source's own numbers, the date is yyyy-MM-dd.</summary>
public sealed record ReportedDiscrepancy(
    long TransactionId, long AccountId, DateOnly Date, string Recorded, string Replayed, string Missing)
{
    internal static ReportedDiscrepancy Of(Discrepancy found) => new(
        found.TransactionId,
        found.AccountId,
        found.Date,
        found.Recorded.ToDecimalString(),
        found.Replayed.ToDecimalString(),
        found.Missing.ToDecimalString());
}

// Generated when compiling: the command runs once, and reflection would only pay off on later calls.
[JsonSerializable(typeof(MigrationReport))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
internal sealed partial class MigrationReportJson : JsonSerializerContext;
