namespace Banking.Consumer;

/// <summary>The classification of a received event.</summary>
public enum Arrival
{
    /// <summary>The next event of the series. It is applied.</summary>
    New,

    /// <summary>A known event. It is ignored.</summary>
    Duplicate,

    /// <summary>An event before it is missing, so it waits.</summary>
    Gap,

    /// <summary>
    /// The event is new but arrives after a later event of its account. It is applied, or waits if an event before it is missing too.
    /// </summary>
    Inversion,
}

/// <summary>Missing events of an account: those after one version, up to and including another.</summary>
public sealed record Gap(string Account, long? After, long UpTo);

/// <summary>The state of one account, computed from its events.</summary>
/// <param name="Balance">The sum of the applied effects. Null before the first event with a currency.</param>
/// <param name="Complete">True if the series begins with the opening of the account. Otherwise earlier events were never published.</param>
/// <param name="First">The first version in the series. Null before the first event.</param>
/// <param name="Last">The last version before which no event is missing.</param>
/// <param name="Events">The number of applied events.</param>
public sealed record AccountState(string Account, Money? Balance, bool Complete, long? First, long? Last, long Events);

/// <summary>
/// Computes balances from events that arrive at least once, and usually in order. Each effect counts exactly once: an event is applied only
/// after the event that it follows, and then becomes the last of its series. Not thread-safe. The book is in memory; to persist it, store
/// it and the source's position in one transaction.
/// </summary>
public sealed class Book
{
    private readonly SortedDictionary<string, Series> _accounts = new(StringComparer.Ordinal);

    // Events without a position are deduplicated by id. A persistent book would delete ids that are too old for a redelivery.
    private readonly HashSet<string> _withoutPosition = [];

    private string? _epoch;

    public long Received { get; private set; }

    public long Duplicates { get; private set; }

    public long Inversions { get; private set; }

    /// <summary>The number of events that wait for a missing one.</summary>
    public long Waiting => _accounts.Values.Sum(a => (long)a.Waiting);

    /// <summary>The number of applied events.</summary>
    public long Applied => _withoutPosition.Count + _accounts.Values.Sum(a => a.State.Events);

    public IEnumerable<Gap> Gaps => _accounts.Values.SelectMany(a => a.Gaps);

    /// <summary>The accounts, ordered by id.</summary>
    public IEnumerable<AccountState> Accounts => _accounts.Values.Select(a => a.State);

    /// <exception cref="FormatException">The event contradicts earlier ones, so later balances would be wrong.</exception>
    /// <exception cref="LogRestoredException">The event is of another epoch: versions of one may stand for other events in the other.
    /// </exception>
    public Arrival Take(BankEvent arrived)
    {
        if ((_epoch ??= arrived.Epoch) != arrived.Epoch)
        {
            throw new LogRestoredException($"event {arrived.Id} is of epoch {arrived.Epoch}, earlier ones were of epoch {_epoch}.");
        }

        var arrival = arrived.Position is { } position ? FindSeries(position.Account).Take(arrived, position)
            : _withoutPosition.Add(arrived.Id) ? Arrival.New : Arrival.Duplicate;
        Received++;
        Duplicates += arrival == Arrival.Duplicate ? 1 : 0;
        Inversions += arrival == Arrival.Inversion ? 1 : 0;
        return arrival;
    }

    private Series FindSeries(string account)
    {
        if (!_accounts.TryGetValue(account, out var series))
        {
            _accounts[account] = series = new(account);
        }

        return series;
    }
}
