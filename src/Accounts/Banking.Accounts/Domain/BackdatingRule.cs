using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Banking.Accounts.Domain;

/// <summary>How far back staff may date what they book.</summary>
public sealed record BackdatingRule(int Days)
{
    /// <summary>The setting, in days.</summary>
    public const string Setting = "Banking:BackdatingDays";

    public static BackdatingRule Default { get; } = new(30);

    /// <exception cref="FormatException">The setting is no number of days.</exception>
    public static BackdatingRule Of(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return configuration[Setting] switch
        {
            null or "" => Default,
            var text
                when text.All(char.IsAsciiDigit) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var days) =>
                new(days),
            var text => throw new FormatException($"{Setting} is a number of days, and not \"{text}\"."),
        };
    }

    public DateTimeOffset EarliestAt(DateTimeOffset now) => Back(now, Days);

    /// <summary>
    /// From when on the past is read for a decision that is made soon. The same for all decisions of a day, so that what was read serves
    /// all of them.
    /// </summary>
    public DateTimeOffset ReadFrom(DateTimeOffset now) => new(Back(EarliestAt(now), 1).UtcDateTime.Date, TimeSpan.Zero);

    private static DateTimeOffset Back(DateTimeOffset from, int days) =>
        (from - DateTimeOffset.MinValue).Days > days ? from.AddDays(-days) : DateTimeOffset.MinValue;
}
