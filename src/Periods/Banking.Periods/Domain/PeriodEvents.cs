using System.Text.Json.Serialization;

namespace Banking.Periods.Domain;

/// <summary>
/// An accounting period was closed: nothing more is booked with an effective time in it or before it.
/// </summary>
/// <param name="From">Its first day, in UTC.</param>
/// <param name="To">The day after its last, in UTC.</param>
/// <param name="Position">The position of the log as of which it was checked.</param>
/// <param name="LastRecorded">The position up to which events were recorded before its end, or less than a minute after it.</param>
/// <param name="Totals">The totals of the general ledger up to its end, by currency, as JSON text.</param>
/// <param name="Checks">The checks that it passed, with the facts that they saw, as JSON text.</param>
/// <param name="EffectiveAt">When it was closed.</param>
public sealed record PeriodClosed(
    DateOnly From, DateOnly To, long Position, long LastRecorded, string Totals, string Checks, DateTimeOffset EffectiveAt)
    : IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized() => CheckedPeriod.Of(this);
}

/// <summary>The period closed last was reopened, after the approval of a second person.</summary>
/// <param name="From">Its first day, in UTC.</param>
/// <param name="To">The day after its last, in UTC.</param>
/// <param name="EffectiveAt">When it was reopened.</param>
public sealed record PeriodReopened(DateOnly From, DateOnly To, DateTimeOffset EffectiveAt);

/// <summary>Stored names of the events, permanent.</summary>
internal static class PeriodEventNames
{
    public static IReadOnlyDictionary<Type, string> All { get; } = new Dictionary<Type, string>
    {
        [typeof(PeriodClosed)] = "periods.period-closed.v1",
        [typeof(PeriodReopened)] = "periods.period-reopened.v1",
    };
}
