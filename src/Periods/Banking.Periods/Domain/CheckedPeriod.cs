using System.Text.Json;
using System.Text.Json.Serialization;
using Banking.Commands.Periods;
using Banking.EventStore.Json;

namespace Banking.Periods.Domain;

/// <summary>What the checks of a period saw.</summary>
internal sealed record CheckedPeriod(
    long Position, long LastRecorded, IReadOnlyList<PeriodTotal> Totals, IReadOnlyList<PeriodCheckView> Checks)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNameCaseInsensitive = false,
        NumberHandling = JsonNumberHandling.Strict,
        AllowDuplicateProperties = false,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public bool IsPassed => Checks.All(c => c.IsPassed);

    /// <summary>The stored form.</summary>
    public string TotalsText => JsonSerializer.Serialize(Totals, Json);

    /// <summary>The stored form.</summary>
    public string ChecksText => JsonSerializer.Serialize(Checks, Json);

    /// <exception cref="JsonException">A text is not what it should be: the event cannot be read.</exception>
    public static CheckedPeriod Of(PeriodClosed closed) => new(
        closed.Position, closed.LastRecorded, Read<PeriodTotal>("totals", closed.Totals), Read<PeriodCheckView>("checks", closed.Checks));

    private static List<T> Read<T>(string member, string text)
        where T : class => StoredText.Read(member, () =>
        {
            var items = JsonSerializer.Deserialize<List<T>>(text, Json);
            return items?.Contains(null!) == true ? throw new JsonException("An item is null.") : items;
        });
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
