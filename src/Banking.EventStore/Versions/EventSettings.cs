using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Banking.EventStore.Versions;

/// <summary>Which versions of events this host writes. Section Banking:Events of the settings.</summary>
public sealed record EventSettings
{
    public const string Section = "Banking:Events";

    /// <summary>
    /// A day: events are written in the versions that a release of that day knows. Null: in the newest versions. All versions are read
    /// whatever this says.
    /// </summary>
    public DateOnly? WriteVersionsOf { get; init; }

    /// <summary>Whether this host writes types of events that releases before a day do not know.</summary>
    public bool Writes(DateOnly since) => WriteVersionsOf is not { } day || day >= since;

    /// <exception cref="FormatException">The value is not a day.</exception>
    public static EventSettings Of(IConfiguration configuration)
    {
        return configuration[$"{Section}:{nameof(WriteVersionsOf)}"] switch
        {
            null or "" => new(),
            var text when DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) =>
                new() { WriteVersionsOf = day },
            var text => throw new FormatException(
                $"{Section}:{nameof(WriteVersionsOf)} must be a day such as 2026-11-29, not \"{text}\"."),
        };
    }
}
