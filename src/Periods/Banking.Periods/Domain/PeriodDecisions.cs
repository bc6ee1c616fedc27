using Banking.Commands.Decisions;
using Banking.EventStore.Versions;
using Banking.Periods.Contracts;

namespace Banking.Periods.Domain;

/// <summary>The decisions on periods. Rules for closing, in this order: ended, not closed yet, in order, of the
/// bank, checks.</summary>
internal static class PeriodDecisions
{
    /// <summary>
    /// How long after its end a period can be closed: longer than the clocks of two hosts may differ (ADR 0052), so that no host books a
    /// command that is effective now into a closed period.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>Releases before this day neither read the events of periods nor keep to them.</summary>
    private static readonly DateOnly Since = new(2026, 11, 30);

    /// <summary>Returns the refusal of a closing while hosts of a release without periods may run; null if none does.</summary>
    public static Refusal? CheckUpgrade(EventSettings versions) => versions.Writes(Since) ? null : Refusal.Unavailable(
        "event_version_not_written",
        "The upgrade is not finished: hosts of an earlier version may still run and would book into a closed period. Nothing was done; "
            + "close the period after the upgrade.");

    /// <summary>Returns the refusal of a month that cannot be closed, whatever the checks say; null if it can.</summary>
    /// <param name="first">The first month of the bank. The first closing may close the month before it, and none earlier.</param>
    public static Refusal? CheckOrder(AccountingPeriods? periods, Month month, Month first, DateTimeOffset now)
    {
        var last = periods?.LastClosed is { } day ? new Month(day) : (Month?)null;
        return now < month.End + Grace ? Refusal.RuleBroken(
                "period_not_ended", "A period can be closed ten seconds after its end, in UTC.",
                ("month", month.ToString()), ("endsAt", month.End))
            : last is { } closed && month <= closed ? Refusal.Conflict(
                "period_already_closed", "The period is closed.", ("month", month.ToString()), ("openFrom", closed.End))
            : last is { } before && month != before.Next ? Refusal.Conflict(
                "period_out_of_order", "Periods are closed in order.", ("month", month.ToString()), ("next", before.Next.ToString()))
            : last is null && month < first.Previous ? Refusal.NotFound(
                "period_not_found", "The bank has no such period: nothing is booked in it or in the month after it.",
                ("month", month.ToString()))
            : null;
    }

    /// <summary>Returns the refusal of a month whose checks failed; null if they passed.</summary>
    public static Refusal? CheckPassed(Month month, CheckedPeriod seen) => seen.IsPassed ? null : Refusal.Conflict(
        "period_not_ready", "The period cannot be closed yet: a check failed.",
        ("month", month.ToString()), ("checks", seen.Checks.Where(c => !c.IsPassed).ToList()));

    /// <param name="first">The first month of the bank.</param>
    /// <param name="closing">What the checks saw; null if they did not run yet.</param>
    public static Decision Close(
        AccountingPeriods? periods, Month month, Month first, CheckedPeriod? closing, Guid eventId, DateTimeOffset now)
    {
        if (CheckOrder(periods, month, first, now) is { } refusal)
        {
            return new Decision.Refused(refusal);
        }

        return closing switch
        {
            null => new Decision.Rejected(Refusal.Unavailable("temporarily_unavailable", "The checks have not run yet. Repeat.")),
            _ when CheckPassed(month, closing) is { } notReady => new Decision.Refused(notReady),
            _ => new Decision.Accepted(new NewEvent(AccountingPeriods.Stream, eventId, new PeriodClosed(
                month.From, month.To, closing.Position, closing.LastRecorded, closing.TotalsText, closing.ChecksText, now)))
            {
                Messages = [new PeriodWasClosed(eventId, month.From, now)],
            },
        };
    }

    /// <summary>Decides a reopening that was approved.</summary>
    public static Decision Reopen(AccountingPeriods? periods, Month month, Guid eventId, DateTimeOffset now) =>
        periods?.NewestClosed == month.From
            ? new Decision.Accepted(new NewEvent(AccountingPeriods.Stream, eventId, new PeriodReopened(month.From, month.To, now)))
            : new Decision.Refused(
                periods?.NewestClosed is { } newest
                    ? Refusal.Conflict(
                        "period_not_newest_closed", "Only the period closed last can be reopened.",
                        ("month", month.ToString()), ("newest", new Month(newest).ToString()))
                    : Refusal.Conflict(
                        "period_not_newest_closed", "Only the period closed last can be reopened, and none is closed.",
                        ("month", month.ToString())));
}
