namespace Banking.Consumer;

/// <summary>The events of one account, each applied right after the one that it follows.</summary>
internal sealed class Series(string account)
{
    // By the place that they follow, which is how they are asked for once the series gets there.
    private readonly Dictionary<long, (BankEvent Event, Place Place)> _waiting = [];

    private long _latest;

    public AccountState State { get; private set; } = new(account, null, false, null, null, 0);

    public int Waiting => _waiting.Count;

    /// <summary>From the last applied one to the first that waits, and between those that wait.</summary>
    public IEnumerable<Gap> Gaps
    {
        get
        {
            var reached = State.Last;
            foreach (var (previous, (_, place)) in _waiting.OrderBy(w => w.Key))
            {
                if (previous != reached)
                {
                    yield return new(account, reached, previous);
                }

                reached = place.Version;
            }
        }
    }

    public Arrival Take(BankEvent arrived, Place place)
    {
        if (place.Version <= State.Last || IsWaiting(place))
        {
            return Arrival.Duplicate;
        }

        var next = place.Previous == State.Last;
        if (next)
        {
            Apply(arrived, place);
            while (_waiting.Remove(State.Last!.Value, out var waiting))
            {
                Apply(waiting.Event, waiting.Place);
            }
        }
        else if (place.Previous is { } previous && !(previous < State.Last))
        {
            _waiting.Add(previous, (arrived, place));
        }
        else
        {
            throw new FormatException(
                $"{account} came to {State.Last}, and {place.Version} says that it follows {place.Previous?.ToString() ?? "nothing"}.");
        }

        var late = place.Version < _latest;
        _latest = Math.Max(_latest, place.Version);
        return late ? Arrival.Inversion : next ? Arrival.New : Arrival.Gap;
    }

    private bool IsWaiting(Place place) =>
        place.Previous is { } previous
        && _waiting.TryGetValue(previous, out var other)
        && (
            other.Place == place
                ? true
                : throw new FormatException($"{account} has two events that follow {previous}: {other.Place.Version} and {place.Version}.")
        );

    private void Apply(BankEvent applied, Place place) =>
        State = State with
        {
            Balance = State.Balance is { } balance && applied.Effect is { } effect ? balance + effect : applied.Effect ?? State.Balance,
            Complete = State.First is null ? applied.OpensAccount : State.Complete,
            First = State.First ?? place.Version,
            Last = place.Version,
            Events = State.Events + 1,
        };
}
