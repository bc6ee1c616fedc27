using Banking.Commands.Decisions;
using Banking.EventStore.Callers;

namespace Banking.Accounts.Domain;

/// <summary>The effective time of a command.</summary>
/// <param name="At">The claimed time; now if none was claimed, or if the claimed time is ahead by at most the tolerance.</param>
/// <param name="Earliest">The earliest time that may be claimed.</param>
/// <param name="OpenFrom">The first instant that is open for bookings; null if no period is closed.</param>
internal readonly record struct EffectiveTime(
    DateTimeOffset At, DateTimeOffset Now, DateTimeOffset Earliest, DateTimeOffset? OpenFrom = null)
{
    /// <summary>
    /// How far a caller's clock may run ahead of the bank's. Without this tolerance, a clock that is slightly fast would lead to refusals,
    /// which are stored: a repeat under the same key would be refused too.
    /// </summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    public bool IsPast => At < Now;

    public static EffectiveTime Of(DateTimeOffset? claimed, DateTimeOffset now, BackdatingRule rule) =>
        new(Resolve(claimed, now), now, rule.EarliestAt(now), rule.OpenFrom);

    /// <summary>The time that is stored with the event; never later than the time of recording.</summary>
    public static DateTimeOffset Resolve(DateTimeOffset? claimed, DateTimeOffset now) =>
        claimed is not { } at || (at > now && at <= now + Tolerance) ? now : at.ToUniversalTime();

    /// <summary>Refuses a time in the future, in a closed period, or farther back than the bank allows.</summary>
    public Refusal? Check() => this switch
    {
        _ when At > Now => Refusal.RuleBroken("effective_in_future",
            "effectiveAt must not be in the future.", ("effectiveAt", At), ("now", Now)),
        _ when ClosedPeriod.Check(At, OpenFrom) is { } closed => closed,
        _ when At < Earliest => Refusal.RuleBroken("effective_too_early",
            "effectiveAt is farther back than this bank allows.", ("effectiveAt", At), ("earliest", Earliest), ("now", Now)),
        _ => null,
    };

    /// <summary>
    /// Rejects a claimed time unless the caller is staff. It runs before any rule of <c>Decide</c>.
    /// </summary>
    public static Decision.Rejected? CheckAllowed(Caller caller, DateTimeOffset? claimed) => claimed is null || caller.MaySetEffectiveAt
        ? null
        : new(Refusal.Of(RefusalKind.NotAllowed, "effective_at_not_allowed", "Only staff of the bank may set effectiveAt: leave it out.",
            ("effectiveAt", claimed.Value), ("role", caller.Role)) with
        { Pointer = "#/effectiveAt" });
}
