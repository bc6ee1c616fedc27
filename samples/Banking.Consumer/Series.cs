namespace Banking.Consumer;

/// <summary>The events of one account. Each is applied right after the event that it follows.</summary>
internal sealed class Series(string account)
{
    // The key is the version of the event that must come before, for the lookup when the series reaches it.
    private readonly Dictionary<long, (BankEvent Event, SeriesPosition Position)> _waiting = [];

    private long _latest;

    public AccountState State { get; private set; } = new(account, null, false, null, null, 0);

    public int Waiting => _waiting.Count;

    /// <summary>The gaps between the last applied event and the first waiting one, and between waiting events.</summary>
    public IEnumerable<Gap> Gaps
    {
        get
        {
            var reached = State.Last;
            foreach (var (previous, (_, position)) in _waiting.OrderBy(w => w.Key))
            {
                if (previous != reached)
                {
                    yield return new(account, reached, previous);
                }

                reached = position.Version;
            }
        }
    }

    public Arrival Take(BankEvent arrived, SeriesPosition position)
    {
        if (position.Version <= State.Last || IsWaiting(position))
        {
            return Arrival.Duplicate;
        }

        var isNext = position.Previous == State.Last;
        if (isNext)
        {
            Apply(arrived, position);
            while (_waiting.Remove(State.Last!.Value, out var waiting))
            {
                Apply(waiting.Event, waiting.Position);
            }
        }
        else if (position.Previous is { } previous && !(previous < State.Last))
        {
            _waiting.Add(previous, (arrived, position));
        }
        else
        {
            throw new FormatException(
                $"{account} is at {State.Last}, but {position.Version} follows {position.Previous?.ToString() ?? "nothing"}.");
        }

        var isLate = position.Version < _latest;
        _latest = Math.Max(_latest, position.Version);
        return isLate ? Arrival.Inversion : isNext ? Arrival.New : Arrival.Gap;
    }

    private bool IsWaiting(SeriesPosition position) =>
        position.Previous is { } previous
        && _waiting.TryGetValue(previous, out var other)
        && (other.Position == position
            ? true
            : throw new FormatException(
                $"{account} has two events that follow {previous}: {other.Position.Version} and {position.Version}."));

    private void Apply(BankEvent applied, SeriesPosition position) =>
        State = State with
        {
            Balance = State.Balance is { } balance && applied.Effect is { } effect ? balance + effect : applied.Effect ?? State.Balance,
            Complete = State.First is null ? applied.OpensAccount : State.Complete,
            First = State.First ?? position.Version,
            Last = position.Version,
            Events = State.Events + 1,
        };
}
