using System.Text.Json;
using System.Text.Json.Serialization;

namespace Banking.Migration;

/// <summary>
/// The report of an import for scripts: one JSON object whose members keep their names and order. Amounts are decimal strings, because most
/// readers turn a JSON number into a binary fraction.
/// </summary>
/// <param name="ClosingBalance">The sum of these accounts' balances in the bank after the import. It includes later bookings.</param>
/// <param name="Seconds">The duration of the import.</param>
/// <param name="Imported">False if the bank already had everything and nothing was stored.</param>
/// <param name="Copies">
/// The number of copies in the figures. Discrepancies are the same in each copy and listed once: transactions are exact plus rounded plus
/// copies times discrepancies.
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

/// <summary>A discrepancy in the report. Ids are those of the source; the date is yyyy-MM-dd.</summary>
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

// The serializer is generated at compile time, because the command runs once and reflection pays off only with repeated calls.
[JsonSerializable(typeof(MigrationReport))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
internal sealed partial class MigrationReportJson : JsonSerializerContext;
