using System.Globalization;
using Banking.SharedKernel;

namespace Banking.Periods.Domain;

/// <summary>A month in UTC, the days of the bank's books (ADR 0066).</summary>
/// <param name="From">Its first day.</param>
internal readonly record struct Month(DateOnly From) : IComparable<Month>
{
    /// <summary>The day after its last day.</summary>
    public DateOnly To => From.AddMonths(1);

    /// <summary>The first instant after it.</summary>
    public DateTimeOffset End => new(To, TimeOnly.MinValue, TimeSpan.Zero);

    public Month Next => new(To);

    public Month Previous => new(From.AddMonths(-1));

    /// <summary>Where the API shows it.</summary>
    public string Address => $"/v1/periods/{this}";

    /// <summary>A number that rises by one each month.</summary>
    public int Number => (From.Year * 12) + From.Month - 1;

    public static Month OfNumber(int number) => new(new(number / 12, (number % 12) + 1, 1));

    public static Month Of(DateTimeOffset instant) => new(new(instant.UtcDateTime.Year, instant.UtcDateTime.Month, 1));

    /// <summary>Parses a month such as <c>2026-10</c>.</summary>
    public static Month? Parse(string? text) =>
        text is { Length: 7 } && Exact.TryDay(text + "-01", out var day) && day < DateOnly.MaxValue.AddMonths(-1) ? new(day) : null;

    public int CompareTo(Month other) => From.CompareTo(other.From);

    public static bool operator <(Month left, Month right) => left.From < right.From;

    public static bool operator >(Month left, Month right) => left.From > right.From;

    public static bool operator <=(Month left, Month right) => left.From <= right.From;

    public static bool operator >=(Month left, Month right) => left.From >= right.From;

    public override string ToString() => From.ToString("yyyy-MM", CultureInfo.InvariantCulture);
}
