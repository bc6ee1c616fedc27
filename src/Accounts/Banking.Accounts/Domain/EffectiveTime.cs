using Banking.Platform.Commands;
using Banking.Platform.Security;

namespace Banking.Accounts.Domain;

/// <summary>Since when a command counts.</summary>
/// <param name="At">What was claimed, or now where nothing was, or only what a clock that runs ahead a little says.</param>
/// <param name="Earliest">As far back as anything may be claimed.</param>
internal readonly record struct EffectiveTime(DateTimeOffset At, DateTimeOffset Now, DateTimeOffset Earliest)
{
    /// <summary>So far a caller's clock may run ahead of the bank's: a key would repeat a refusal for ever.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    public bool IsPast => At < Now;

    public static EffectiveTime Of(DateTimeOffset? claimed, DateTimeOffset now, BackdatingRule rule) =>
        new(Resolve(claimed, now), now, rule.EarliestAt(now));

    /// <summary>What is stored with the event; never later than when it is recorded.</summary>
    public static DateTimeOffset Resolve(DateTimeOffset? claimed, DateTimeOffset now) =>
        claimed is not { } at || (at > now && at <= now + Tolerance) ? now : at.ToUniversalTime();

    /// <summary>Neither in the future nor farther back than the bank allows.</summary>
    public Refusal? Problem() => this switch
    {
        _ when At > Now => Refusal.Of("effective_in_future", 422,
            "effectiveAt may lie in the past, not in the future.", ("effectiveAt", At), ("now", Now)),
        _ when At < Earliest => Refusal.Of("effective_too_early", 422,
            "effectiveAt lies farther back than this bank allows.", ("effectiveAt", At), ("earliest", Earliest), ("now", Now)),
        _ => null,
    };

    /// <summary>Only staff say when something counts. Asked before anything about an account is told.</summary>
    public static Decision.Rejected? NotAllowed(Caller caller, DateTimeOffset? claimed) => claimed is null || caller.MaySetEffectiveAt
        ? null
        : new(Refusal.Of("effective_at_not_allowed", 403, "Only staff of the bank may set effectiveAt: leave it out.",
            ("effectiveAt", claimed.Value), ("role", caller.Role)) with
        { Pointer = "#/effectiveAt" });
}
