using System.Globalization;

namespace Banking.EventStore.Storage;

/// <summary>
/// The clock of this machine, which tests and demos cannot move, unlike the bank's own clock. A separate type, so that the two are not
/// confused.
/// </summary>
public sealed class SystemClock(TimeProvider provider)
{
    /// <summary>
    /// Maximum difference between clocks. Hosts set the recorded time: with a larger difference two hosts would record two different pasts.
    /// </summary>
    public static readonly TimeSpan MaxSkew = TimeSpan.FromSeconds(2);

    public DateTimeOffset Now => provider.GetUtcNow();

    /// <summary>Whether a clock differs from this machine's by more than the maximum.</summary>
    public bool IsMoved(DateTimeOffset other) => (Now - other).Duration() > MaxSkew;

    /// <summary>
    /// Returns how far this machine's clock is ahead of the database's, beyond what the round trip explains; negative if it is behind.
    /// </summary>
    /// <param name="sent">This machine's clock before the query was sent.</param>
    /// <param name="database">The database's clock during the query.</param>
    /// <param name="received">This machine's clock after the answer was received.</param>
    public static TimeSpan Skew(DateTimeOffset sent, DateTimeOffset database, DateTimeOffset received) =>
        database < sent ? sent - database : database > received ? received - database : TimeSpan.Zero;
}

/// <summary>The clocks of this machine and the database differ too much to record anything.</summary>
public sealed class ClockSkewException(TimeSpan skew)
    : Exception(
        string.Create(
            CultureInfo.InvariantCulture,
            $"This host's clock is {skew.Duration().TotalSeconds:0.###} s {(skew > TimeSpan.Zero ? "ahead of" : "behind")} the database's. "
                + $"Nothing is recorded until both agree within {SystemClock.MaxSkew.TotalSeconds:0} s."));
