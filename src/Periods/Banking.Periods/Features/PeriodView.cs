using Banking.Commands.Periods;
using Banking.EventStore.Appending;
using Banking.Periods.Domain;
using JasperFx.Events;

namespace Banking.Periods.Features;

/// <summary>What a period is now.</summary>
public enum PeriodStatus
{
    /// <summary>It has not ended.</summary>
    Running,

    /// <summary>It has ended and is open for bookings.</summary>
    Open,

    /// <summary>Nothing more is booked with an effective time in it.</summary>
    Closed,
}

/// <summary>An accounting period: a month in UTC.</summary>
/// <param name="Month">Such as 2026-10.</param>
/// <param name="From">Its first day.</param>
/// <param name="To">The day after its last.</param>
/// <param name="Closing">What the checks saw when it was closed, or see in a dry run; absent while it is open.</param>
/// <param name="Problem">In a dry run: why it cannot be closed now; absent if it can.</param>
/// <param name="Changes">When it was closed and reopened, oldest first; absent in the answer to a command.</param>
public sealed record PeriodView(
    string Month, PeriodStatus Status, DateOnly From, DateOnly To, ClosingView? Closing, PeriodProblemView? Problem = null,
    IReadOnlyList<PeriodChangeView>? Changes = null)
{
    /// <param name="events">The events of the bank's periods, with all headers.</param>
    internal static PeriodView Of(Month month, AccountingPeriods? periods, IEnumerable<IEvent> events, DateTimeOffset now)
    {
        var own = events.Where(e => e.Data switch
        {
            PeriodClosed closed => closed.From == month.From,
            PeriodReopened reopened => reopened.From == month.From,
            _ => false,
        }).ToList();
        var view = Of(month, periods, (own.LastOrDefault()?.Data as PeriodClosed) is { } last ? ClosingView.Of(last) : null, now);
        return view with { Changes = [.. own.Select(PeriodChangeView.Of)] };
    }

    internal static PeriodView Of(Month month, AccountingPeriods? periods, ClosingView? closing, DateTimeOffset now) => new(
        month.ToString(),
        periods?.LastClosed >= month.From ? PeriodStatus.Closed : now < month.End ? PeriodStatus.Running : PeriodStatus.Open,
        month.From,
        month.To,
        closing);
}

/// <summary>What the checks of a period saw.</summary>
/// <param name="ClosedAt">When it was closed; absent in a dry run.</param>
/// <param name="Position">The position of the log as of which it was checked.</param>
/// <param name="LastRecorded">The position up to which events were recorded before its end, or less than a minute after it.</param>
/// <param name="Totals">The totals of the general ledger up to its end.</param>
public sealed record ClosingView(
    DateTimeOffset? ClosedAt, long Position, long LastRecorded, IReadOnlyList<PeriodTotal> Totals, IReadOnlyList<PeriodCheckView> Checks)
{
    internal static ClosingView Of(PeriodClosed closed) => Of(CheckedPeriod.Of(closed)) with { ClosedAt = closed.EffectiveAt };

    internal static ClosingView Of(CheckedPeriod seen) => new(null, seen.Position, seen.LastRecorded, seen.Totals, seen.Checks);
}

/// <summary>The closing or reopening of a period.</summary>
/// <param name="Status">What the period became.</param>
/// <param name="By">Who did it; of a reopening, who approved it.</param>
/// <param name="ProposedBy">Who proposed the reopening.</param>
public sealed record PeriodChangeView(
    PeriodStatus Status, DateTimeOffset At, string? By, string? ProposedBy, string? ReasonCode, string? Reason)
{
    internal static PeriodChangeView Of(IEvent e) => new(
        e.Data is PeriodClosed ? PeriodStatus.Closed : PeriodStatus.Open, e.Timestamp, e.UserName, e.Header(HeaderNames.ProposedBy),
        e.Header(HeaderNames.ReasonCode), e.Header(HeaderNames.ReasonText));
}

/// <summary>Why a period cannot be closed.</summary>
/// <param name="Code">The code of the problem that closing it would answer.</param>
public sealed record PeriodProblemView(string Code, string Detail);
