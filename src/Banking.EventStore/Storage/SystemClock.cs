using System.Globalization;

namespace Banking.EventStore.Storage;

/// <summary>
/// The clock of this machine, whatever the bank's own clock says: tests and demos may move that one. A type of its own, so that nobody is
/// given one for the other.
/// </summary>
public sealed class SystemClock(TimeProvider provider)
{
    /// <summary>Recorded time is stamped by hosts. Two whose clocks differ by more would tell two pasts.</summary>
    public static readonly TimeSpan MaxSkew = TimeSpan.FromSeconds(2);

    public DateTimeOffset Now => provider.GetUtcNow();

    /// <summary>Whether a clock differs from this machine's by more than is allowed.</summary>
    public bool IsMoved(DateTimeOffset other) => (Now - other).Duration() > MaxSkew;

    /// <summary>
    /// How far this machine is ahead of the database's clock, beyond what the way there and back explains; negative where it is behind.
    /// </summary>
    /// <param name="sent">This machine's clock before the question was sent.</param>
    /// <param name="database">The database's clock, read in between.</param>
    /// <param name="received">This machine's clock when the answer was there.</param>
    public static TimeSpan Skew(DateTimeOffset sent, DateTimeOffset database, DateTimeOffset received) =>
        database < sent ? sent - database : database > received ? received - database : TimeSpan.Zero;
}

/// <summary>This machine's clock and the database's are too far apart for anything to be recorded.</summary>
public sealed class ClockSkewException(TimeSpan skew)
    : Exception(
        string.Create(
            CultureInfo.InvariantCulture,
            $"This host's clock is {skew.Duration().TotalSeconds:0.###} s {(skew > TimeSpan.Zero ? "ahead of" : "behind")} the database's. Nothing is recorded until both agree within {SystemClock.MaxSkew.TotalSeconds:0} s."
        ));
