using Microsoft.Extensions.Configuration;

namespace Banking.EventStore.Log;

/// <summary>Which hosts follow the log.</summary>
public static class FollowSettings
{
    public const string Follows = "Banking:FollowsLog";

    /// <summary>
    /// Whether this host follows the log: brings it to read models and to the world, rebuilds and compares. One that does not takes
    /// commands and answers questions, and leaves the rest to others, of which there must be one.
    /// </summary>
    /// <exception cref="FormatException">The setting is neither true nor false.</exception>
    public static bool FollowsLog(this IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return configuration[Follows] switch
        {
            null or "" => true,
            var text => bool.TryParse(text, out var follows)
                ? follows
                : throw new FormatException($"{Follows} is true or false, and not \"{text}\"."),
        };
    }
}
