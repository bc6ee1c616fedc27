using System.Text.Json;
using Banking.Commands.Periods;

namespace Banking.Periods.Domain;

/// <summary>What the checks of a period saw.</summary>
internal sealed record CheckedPeriod(
    long Position, long LastRecorded, IReadOnlyList<PeriodTotal> Totals, IReadOnlyList<PeriodCheckView> Checks)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public bool IsPassed => Checks.All(c => c.IsPassed);

    /// <summary>The stored form.</summary>
    public string TotalsText => JsonSerializer.Serialize(Totals, Json);

    /// <summary>The stored form.</summary>
    public string ChecksText => JsonSerializer.Serialize(Checks, Json);

    public static CheckedPeriod Of(PeriodClosed closed) => new(
        closed.Position,
        closed.LastRecorded,
        JsonSerializer.Deserialize<List<PeriodTotal>>(closed.Totals, Json)!,
        JsonSerializer.Deserialize<List<PeriodCheckView>>(closed.Checks, Json)!);
}

/// <summary>A check of a period.</summary>
/// <param name="Name">Its permanent name.</param>
/// <param name="IsPassed">Whether the period can be closed as far as this check is concerned.</param>
/// <param name="Detail">What was found.</param>
/// <param name="Facts">What the check saw.</param>
public sealed record PeriodCheckView(string Name, bool IsPassed, string Detail, IReadOnlyDictionary<string, string> Facts)
{
    internal static PeriodCheckView Of(string name, PeriodCheckResult result) => new(name, result.IsPassed, result.Detail, result.Facts);
}
