using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.SharedKernel;

namespace Banking.Accounts.Simulations.Replay;

/// <summary>
/// The simulated history of an account, as small as decisions about the past allow: a movement takes 24 bytes. A timeline is made only for
/// a decision that needs one, of what was recorded since its effective time, and then grows with the history.
/// </summary>
internal sealed class SimulatedPast
{
    private readonly List<Step> _movements = [];

    /// <summary>Events that stay in force until changed, and corrections.</summary>
    private readonly List<object> _lasting = [];

    /// <summary>How much earlier than a decision needs a new timeline begins, and how much earlier a used one may begin.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromDays(30), MaxMargin = TimeSpan.FromDays(90);

    private AccountTimeline? _timeline;

    /// <summary>The numbers of movements and of lasting events that the timeline has, or that were recorded before it.</summary>
    private (int Movements, int Lasting) _inTimeline;

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
    public AccountTimeline Timeline(DateTimeOffset since, Currency currency)
    {
        if (_timeline is { } known && IsUsable(known.Since, since))
        {
            _timeline = _inTimeline == (_movements.Count, _lasting.Count)
                ? known
                : known.With([.. _lasting[_inTimeline.Lasting..], .. Movements(_inTimeline.Movements, currency)]);
        }
        else if (since == AccountTimeline.NoMovements)
        {
            _timeline = AccountTimeline.Of(since, _lasting);
        }
        else
        {
            var start = since - DateTimeOffset.MinValue > Margin ? since - Margin : DateTimeOffset.MinValue;
            _timeline = AccountTimeline.Of(start, [.. _lasting, .. Movements(FirstSince(start), currency)]);
        }

        _inTimeline = (_movements.Count, _lasting.Count);
        return _timeline;
    }

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

    private static bool IsUsable(DateTimeOffset start, DateTimeOffset since) =>
        since == AccountTimeline.NoMovements || (start <= since && since - start <= MaxMargin);

    private IEnumerable<IMovement> Movements(int first, Currency currency) => _movements[first..].Select(s => s.Movement(currency));

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
