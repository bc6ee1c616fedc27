namespace Banking.Accounts.ReadModels;

/// <summary>The last row of an account.</summary>
internal readonly record struct LastEntry(long Version, long Balance);

/// <summary>Cache of the last rows of accounts with recent movements.</summary>
internal sealed class LastEntries
{
    /// <summary>The cache is cleared when it holds this many accounts, some ten megabytes.</summary>
    private const int MaxAccounts = 100_000;

    private readonly Dictionary<Guid, LastEntry> _last = [];

    /// <summary>The last row of an account; the default if it is not in the cache.</summary>
    public LastEntry Find(Guid account) => _last.GetValueOrDefault(account);

    public void Remember(Dictionary<Guid, LastEntry> ends)
    {
        if (_last.Count >= MaxAccounts)
        {
            _last.Clear();
        }

        foreach (var (account, end) in ends)
        {
            _last[account] = end;
        }
    }
}
