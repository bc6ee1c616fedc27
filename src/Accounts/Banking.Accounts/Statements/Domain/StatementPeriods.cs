using Banking.Accounts.Contracts;

namespace Banking.Accounts.Statements.Domain;

/// <summary>The periods of a schedule: whole days in UTC.</summary>
internal static class StatementPeriods
{
    /// <summary>More than the clocks of two hosts may differ.</summary>
    private static readonly TimeSpan ClockMargin = TimeSpan.FromSeconds(10);

    /// <summary>The period that contains a day.</summary>
    /// <returns>Its first day, and the day after its last; null if the frequency has no periods.</returns>
    public static (DateOnly From, DateOnly To)? Of(StatementFrequency frequency, DateOnly day)
    {
        var monday = day.AddDays(-(((int)day.DayOfWeek + 6) % 7));
        var first = new DateOnly(day.Year, day.Month, 1);
        return frequency switch
        {
            StatementFrequency.Monthly => (first, first.AddMonths(1)),
            StatementFrequency.Weekly => (monday, monday.AddDays(7)),
            StatementFrequency.None or StatementFrequency.EachTransaction => null,
            _ => throw new InvalidOperationException($"{frequency} is not a frequency of statements."),
        };
    }

    /// <summary>When a period can be stated. Hosts' clocks may differ, and one that is behind may still record an entry in it.</summary>
    public static DateTimeOffset StatedFrom(DateOnly to) => Midnight(to) + ClockMargin;

    /// <summary>The first instant of a day.</summary>
    public static DateTimeOffset Midnight(DateOnly day) => new(day, TimeOnly.MinValue, TimeSpan.Zero);
}
