using System.Text.Json.Serialization;
using Banking.EventStore.Streams;
using JasperFx.Events;
using Marten.Events.Aggregation;

namespace Banking.Periods.Domain;

/// <summary>
/// The accounting periods of the bank: one stream for the whole bank, because periods are closed in order. The state is what a decision
/// needs; the facts of each period are in its events.
/// </summary>
/// <param name="FirstClosed">First day of the first month that was closed; null if none was. Everything before it stays closed, also when
/// it is reopened.</param>
/// <param name="LastClosed">First day of the last month that takes no bookings; null if no month was closed.</param>
public sealed record AccountingPeriods(
    Guid Id, long Version, DateTimeOffset RecordedAt, DateOnly? FirstClosed, DateOnly? LastClosed) : IEventSourced<AccountingPeriods>
{
    /// <summary>The id of the only stream.</summary>
    public static readonly Guid Stream = new("5b0f6c1e-8a44-5d27-9f3a-000000000001");

    public static string StreamType => "periods";

    public static bool IsIndexed => true;

    /// <summary>First day of the newest month that was closed and not reopened; null if there is none.</summary>
    [JsonIgnore]
    public DateOnly? NewestClosed => LastClosed >= FirstClosed ? LastClosed : null;

    /// <summary>The first instant that is open for bookings; null if no month was closed.</summary>
    [JsonIgnore]
    public DateTimeOffset? OpenFrom => LastClosed is { } last ? new Month(last).End : null;

    public static AccountingPeriods Fold(AccountingPeriods? state, Guid id, object @event, DateTimeOffset recordedAt)
    {
        var before = state ?? new(id, 0, recordedAt, null, null);
        var next = @event switch
        {
            PeriodClosed e when before.LastClosed is null || e.From == new Month(before.LastClosed.Value).To =>
                before with { FirstClosed = before.FirstClosed ?? e.From, LastClosed = e.From },
            PeriodReopened e when e.From == before.NewestClosed => before with { LastClosed = new Month(e.From).Previous.From },
            _ => throw new InvalidOperationException(
                $"{@event.GetType().Name} cannot follow {before.LastClosed?.ToString("O") ?? "nothing"} in the periods of the bank."),
        };
        return next with { Version = before.Version + 1, RecordedAt = recordedAt };
    }
}

/// <summary>Stores the state of the periods.</summary>
public sealed partial class AccountingPeriodsProjection : SingleStreamProjection<AccountingPeriods, Guid>
{
    // Without this, Marten's own append and its rebuilds pass the events of all other streams too.
    public AccountingPeriodsProjection()
    {
        foreach (var type in PeriodEventNames.All.Keys)
        {
            IncludeType(type);
        }
    }

    public override AccountingPeriods? Evolve(AccountingPeriods? snapshot, Guid id, IEvent e)
    {
        return AccountingPeriods.Fold(snapshot, id, e.Data, e.Timestamp);
    }
}
