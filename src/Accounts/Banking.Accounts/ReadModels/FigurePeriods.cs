using Banking.SharedKernel;

namespace Banking.Accounts.ReadModels;

/// <summary>The days or months of a time zone in a range. A period is named by the first of its days in the range.</summary>
internal sealed record FigurePeriods(DateOnly From, DateOnly Before, bool ByMonth, string Zone)
{
    /// <summary>Stands for all days before the range.</summary>
    public DateOnly Earlier => From.AddDays(-1);

    /// <summary>
    /// So many days of UTC with events have events in at least so many periods and in one more. A local day has parts of two days of UTC
    /// or, where a zone changed its side of the date line, of three.
    /// </summary>
    public int DaysOf(int periods) => (ByMonth ? 33 : 3) * (periods + 2);

    /// <summary>The period of an instant.</summary>
    public DateOnly FirstOf(DateTimeOffset instant)
    {
        if (instant < StartOf(From))
        {
            return Earlier;
        }

        var day = LocalDay.Of(instant, Zone)!.Value.Date;
        var first = ByMonth ? new(day.Year, day.Month, 1) : day;
        return first > From ? first : From;
    }

    /// <summary>The period in which a day of UTC begins, or the first one if that is earlier.</summary>
    public DateOnly FirstOfUtc(DateOnly day) => FirstOf(new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero)) is var first
        && first < From ? From : first;

    /// <summary>The periods of some days of UTC, those between them, and the next one; none after <paramref name="end"/>.</summary>
    public IReadOnlyList<DateOnly> Bounds(IReadOnlyList<DateOnly> days, DateOnly end)
    {
        if (days.Count == 0)
        {
            return [From];
        }

        var bounds = new List<DateOnly> { FirstOfUtc(days[0]) };
        for (var last = FirstOfUtc(days[^1].AddDays(1)); bounds[^1] <= last && bounds[^1] < end;)
        {
            var next = ByMonth ? new DateOnly(bounds[^1].Year, bounds[^1].Month, 1).AddMonths(1) : bounds[^1].AddDays(1);
            bounds.Add(next < end ? next : end);
        }

        return bounds;
    }

    /// <summary>The first instant of a day. Days that no instant of this bank belongs to begin before or after all of them.</summary>
    public DateTimeOffset StartOf(DateOnly day) =>
        LocalDay.StartOf(day, Zone) ?? (day.Year == 1900 ? DateTimeOffset.MinValue : DateTimeOffset.MaxValue);
}
