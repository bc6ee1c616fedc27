namespace Banking.Consumer;

/// <summary>What an arrival was.</summary>
public enum Arrival
{
    /// <summary>The next one: it is applied.</summary>
    New,

    /// <summary>Known already: nothing is done.</summary>
    Duplicate,

    /// <summary>Something before it is missing: it waits.</summary>
    Gap,

    /// <summary>
    /// It comes for the first time, and a later one of its account came before: it is applied, or waits if something before it is missing
    /// too.
    /// </summary>
    Inversion,
}

/// <summary>Published events of an account that never came: those after one place, up to and with another.</summary>
public sealed record Gap(string Account, long? After, long UpTo);

/// <summary>What the events of one account add up to.</summary>
/// <param name="Balance">The sum of what was applied; null as long as nothing with a currency was.</param>
/// <param name="Complete">Whether that is all: the series begins with the opening of the account. Otherwise what was before was never
/// published.</param>
/// <param name="First">The first place in the series; null until the first event came.</param>
/// <param name="Last">The last place up to which nothing is missing.</param>
/// <param name="Events">How many were applied.</param>
public sealed record AccountState(string Account, Money? Balance, bool Complete, long? First, long? Last, long Events);

/// <summary>
/// Balances, out of events as they arrive: at least once each, and in order unless something is wrong. An effect counts once by
/// construction: an event is applied only where the series has come to exactly the event that it follows, and that moves the series on.
/// For one thread. It lives in memory; to keep it, store it and the source's position in one transaction.
/// </summary>
public sealed class Book
{
    private readonly SortedDictionary<string, Series> _accounts = new(StringComparer.Ordinal);

    // Without a place only the id tells a repetition. A book that is kept would forget ids that are older than any repetition can be.
    private readonly HashSet<string> _unnumbered = [];

    public long Received { get; private set; }

    public long Duplicates { get; private set; }

    public long Inversions { get; private set; }

    /// <summary>Those that wait for one that is missing.</summary>
    public long Waiting => _accounts.Values.Sum(a => (long)a.Waiting);

    /// <summary>Those whose effect is in the balances, if they have one.</summary>
    public long Applied => _unnumbered.Count + _accounts.Values.Sum(a => a.State.Events);

    public IEnumerable<Gap> Gaps => _accounts.Values.SelectMany(a => a.Gaps);

    /// <summary>The accounts, by their ids.</summary>
    public IEnumerable<AccountState> Accounts => _accounts.Values.Select(a => a.State);

    /// <exception cref="FormatException">The event contradicts those before it: from here on no balance could be told.</exception>
    public Arrival Take(BankEvent arrived)
    {
        var arrival = arrived.Place is { } place ? SeriesOf(place.Account).Take(arrived, place)
            : _unnumbered.Add(arrived.Id) ? Arrival.New : Arrival.Duplicate;
        Received++;
        Duplicates += arrival == Arrival.Duplicate ? 1 : 0;
        Inversions += arrival == Arrival.Inversion ? 1 : 0;
        return arrival;
    }

    private Series SeriesOf(string account)
    {
        if (!_accounts.TryGetValue(account, out var series))
        {
            _accounts[account] = series = new(account);
        }

        return series;
    }
}
