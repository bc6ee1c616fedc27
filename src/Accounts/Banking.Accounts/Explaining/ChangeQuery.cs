using Banking.Commands.Decisions;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Banking.Accounts.Explaining;

/// <summary>The interval of a query for changes.</summary>
/// <param name="KnownAt">The instant by which events were recorded; null for now. On the recorded axis it follows from To.</param>
internal sealed record ChangeQuery(TimeAxis Axis, DateTimeOffset? From, DateTimeOffset? To, DateTimeOffset? KnownAt)
{
    /// <summary>The first instant that the bank can store.</summary>
    public static readonly DateTimeOffset Earliest = new(1900, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static (ChangeQuery? Query, Refusal? Problem) Read(HttpRequest request, DateTimeOffset now)
    {
        var (interval, problem) = Interval.Read(request, "from", "to");
        var (from, to) = interval;
        var (knownAt, unknown) = InstantQuery.Read(request, "knownAt");
        problem ??= unknown ?? InstantQuery.ZoneProblem(request);
        var text = request.Query.TryGetValue("axis", out var given) ? given.ToString() : "recorded";
        TimeAxis? axis = text switch { "recorded" => TimeAxis.Recorded, "effective" => TimeAxis.Effective, _ => null };
        problem ??= axis is null ? Refusal.Malformed("malformed_filter", "axis is recorded or effective.")
            : axis == TimeAxis.Recorded && knownAt is not null ? Refusal.Malformed(
                "malformed_filter", "knownAt requires axis=effective: on the recorded axis, to says what was known.")
            : axis == TimeAxis.Recorded ? InFuture("from", from, now)
            : InFuture("knownAt", knownAt, now);
        // Events up to an end in the future are those up to now.
        var known = axis == TimeAxis.Effective ? knownAt : to > now ? null : to?.AddTicks(-1);
        return (problem is null ? new(axis!.Value, from, to, known) : null, problem);
    }

    private static Refusal? InFuture(string name, DateTimeOffset? instant, DateTimeOffset now) => instant > now
        ? Refusal.RuleBroken(
            "known_in_future", $"{name} must not be in the future: nothing is recorded there yet.",
            ("knownAt", instant.Value), ("now", now))
        : null;
}
