using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.SharedKernel;

namespace Banking.Accounts.Simulations.Replay;

/// <summary>
/// The simulated history of an account, as small as decisions about the past allow: a movement takes 24 bytes. A timeline is made only for
/// a decision that needs one, of what was recorded since its effective time.
/// </summary>
internal sealed class SimulatedPast
{
    private readonly List<Step> _movements = [];

    /// <summary>Events that stay in force until changed, and corrections.</summary>
    private readonly List<object> _lasting = [];

    public void Add(object data, DateTimeOffset recordedAt)
    {
        if (data is IMovement movement and not ICorrectionEvent)
        {
            _movements.Add(new(recordedAt.UtcTicks, movement.EffectiveAt.UtcTicks, movement.SignedAmount.Minor));
        }
        else
        {
            _lasting.Add(data);
        }
    }

    /// <param name="since">The instant from which the timeline must be complete.</param>
    public AccountTimeline Timeline(DateTimeOffset since, Currency currency) => AccountTimeline.Of(
        since,
        since == AccountTimeline.NoMovements
            ? _lasting
            : [.. _lasting, .. _movements.Skip(FirstSince(since)).Select(s => s.Movement(currency))]);

    /// <summary>The changes of the balance by effective day.</summary>
    public SortedDictionary<DateOnly, Int128> Days()
    {
        var days = new SortedDictionary<DateOnly, Int128>();
        foreach (var (at, change) in _movements.Select(s => (new DateTime(s.EffectiveTicks, DateTimeKind.Utc), s.Change))
            .Concat(_lasting.OfType<IMovement>().Select(m => (m.EffectiveAt.UtcDateTime, m.SignedAmount.Minor))))
        {
            var day = DateOnly.FromDateTime(at);
            days[day] = days.GetValueOrDefault(day) + change;
        }

        return days;
    }

    /// <summary>The index of the first movement recorded since an instant. Recorded time never goes back on a stream.</summary>
    private int FirstSince(DateTimeOffset since)
    {
        var (low, high) = (0, _movements.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _movements[middle].RecordedTicks >= since.UtcTicks ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    private readonly record struct Step(long RecordedTicks, long EffectiveTicks, long Change)
    {
        /// <summary>An event with the same effect. A timeline asks for nothing else.</summary>
        public IMovement Movement(Currency currency) => Change < 0
            ? new MoneyWithdrawn(new(-Change, currency), BankSide.Cash, new(EffectiveTicks, TimeSpan.Zero))
            : new MoneyDeposited(new(Change, currency), BankSide.Cash, new(EffectiveTicks, TimeSpan.Zero));
    }
}
