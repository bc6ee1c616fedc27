using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Banking.Accounts.Domain;

/// <summary>How far back staff may date a booking.</summary>
public sealed record BackdatingRule(int Days)
{
    /// <summary>The name of the setting; its value is in days.</summary>
    public const string Setting = "Banking:BackdatingDays";

    public static BackdatingRule Default { get; } = new(30);

    /// <summary>The first instant that is open for bookings; null if no period is closed.</summary>
    public DateTimeOffset? OpenFrom { get; init; }

    /// <exception cref="FormatException">The setting is not a number of days.</exception>
    public static BackdatingRule Of(IConfiguration configuration)
    {
        return configuration[Setting] switch
        {
            null or "" => Default,
            var text
                when text.All(char.IsAsciiDigit) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var days) =>
                new(days),
            var text => throw new FormatException($"{Setting} must be a number of days, not \"{text}\"."),
        };
    }

    public DateTimeOffset EarliestAt(DateTimeOffset now) => Back(now, Days);

    /// <summary>
    /// The start of the timeline that a backdated decision needs. It is the same for all decisions of a day, so that they share one cached
    /// timeline.
    /// </summary>
    public DateTimeOffset ReadFrom(DateTimeOffset now) => new(Back(EarliestAt(now), 1).UtcDateTime.Date, TimeSpan.Zero);

    private static DateTimeOffset Back(DateTimeOffset from, int days) =>
        (from - DateTimeOffset.MinValue).Days > days ? from.AddDays(-days) : DateTimeOffset.MinValue;
}
