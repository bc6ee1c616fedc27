using Banking.EventStore.Storage;

namespace Banking.Accounts.ReadModels;

/// <summary>The last row of an account.</summary>
internal readonly record struct LastEntry(long Version, long Balance);

/// <summary>Cache of the last rows of accounts with recent movements.</summary>
internal sealed class LastEntries
{
    /// <summary>Some ten megabytes.</summary>
    private const int MaxAccounts = 100_000;

    private readonly BoundedCache<Guid, LastEntry> _last = new(MaxAccounts);

    /// <summary>The last row of an account; the default if it is not in the cache.</summary>
    public LastEntry Find(Guid account) => _last.TryGet(account, out var end) ? end : default;

    public void Remember(Dictionary<Guid, LastEntry> ends)
    {
        foreach (var (account, end) in ends)
        {
            _last.Set(account, end);
        }
    }
}
