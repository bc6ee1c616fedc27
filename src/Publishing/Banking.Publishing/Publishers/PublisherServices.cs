using Banking.Publishing.Log;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.Publishing.Publishers;

/// <summary>What all publishers of a host share.</summary>
public sealed record PublisherServices(
    PublisherStore Store,
    PublisherControl Control,
    BlockedAccounts Blocked,
    PublicLog Log,
    PublisherMetrics Meter,
    NpgsqlDataSource Source,
    TimeProvider Clock,
    ILogger<PublisherHost> Logger);

/// <summary>What a publisher waits for after it has run.</summary>
/// <param name="IsPaused">Its release by an operator.</param>
/// <param name="RetryAfter">The next attempt, after a failure of the destination.</param>
internal readonly record struct PublisherRest(bool IsPaused, TimeSpan? RetryAfter)
{
    /// <summary>It waits for the next event that the destination takes.</summary>
    public static PublisherRest Idle => default;

    public static PublisherRest Paused => new(true, null);

    public static PublisherRest Retry(TimeSpan after) => new(false, after);
}
