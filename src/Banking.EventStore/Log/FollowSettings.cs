using Microsoft.Extensions.Configuration;

namespace Banking.EventStore.Log;

/// <summary>Setting that selects the hosts that follow the log.</summary>
public static class FollowSettings
{
    public const string Follows = "Banking:FollowsLog";

    /// <summary>
    /// Whether this host follows the log: updates read models, publishes, rebuilds and verifies. A host that does not follow serves
    /// commands and queries only; at least one other host must follow.
    /// </summary>
    /// <exception cref="FormatException">The setting is neither true nor false.</exception>
    public static bool FollowsLog(this IConfiguration configuration)
    {
        return configuration[Follows] switch
        {
            null or "" => true,
            var text => bool.TryParse(text, out var follows)
                ? follows
                : throw new FormatException($"{Follows} must be true or false, but is \"{text}\"."),
        };
    }
}
