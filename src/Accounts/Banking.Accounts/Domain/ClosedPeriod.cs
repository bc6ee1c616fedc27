using Banking.Commands.Decisions;

namespace Banking.Accounts.Domain;

/// <summary>Nothing is booked with an effective time in a closed period (ADR 0076).</summary>
internal static class ClosedPeriod
{
    public const string Code = "period_closed";

    /// <param name="openFrom">The first instant that is open for bookings; null if no period is closed.</param>
    public static Refusal? Check(DateTimeOffset at, DateTimeOffset? openFrom) => at < openFrom ? Refused(at, openFrom.Value) : null;

    /// <summary>Refuses a correction that books in a closed period.</summary>
    /// <param name="canBookNow">Whether the same correction can be booked now instead.</param>
    public static Refusal? CheckCorrection(IEnumerable<DateTimeOffset> bookedAt, DateTimeOffset? openFrom, bool canBookNow)
    {
        var first = bookedAt.Min();
        var closed = Check(first, openFrom);
        return closed is null || !canBookNow ? closed : closed with
        {
            Detail = "The correction would book in a closed period. Book it now: send effective now.",
            Facts = new Dictionary<string, object>(closed.Facts) { ["effective"] = "now" },
        };
    }

    private static Refusal Refused(DateTimeOffset at, DateTimeOffset openFrom) => Refusal.Conflict(
        Code, "effectiveAt is in a closed period.", ("effectiveAt", at), ("openFrom", openFrom));
}
