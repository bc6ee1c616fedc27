using System.Collections.Concurrent;
using Banking.Accounts.Domain;
using Banking.SharedKernel;
using Marten;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// An account number works wherever an id does. What was found is remembered, because a number never moves to another account; only a
/// restore in place can give it to another. So an account that was found by its number is asked for its number (<see cref="Names"/>) before
/// anything is done with it.
/// </summary>
public sealed class AccountReferences(IDocumentStore store)
{
    /// <summary>Beyond this, the cache starts over: it saves a round trip, it is not a register.</summary>
    private const int LargestCache = 100_000;

    private readonly ConcurrentDictionary<AccountNumber, Guid> _known = new();

    /// <summary>The account's id, or null where the text is neither an id nor the number of an account.</summary>
    public async Task<Guid?> ResolveAsync(string account, CancellationToken ct)
    {
        if (PublicId.TryParse(AccountId.Prefix, account, out var id))
        {
            return id;
        }

        if (!AccountNumber.TryParseStored(account, out var number))
        {
            return null;
        }

        if (_known.TryGetValue(number, out id))
        {
            return id;
        }

        await using var session = store.QuerySession();
        if (await session.LoadAsync<AccountNumberClaim>(number.Value, ct) is not { } claim)
        {
            return null;
        }

        if (_known.Count >= LargestCache)
        {
            _known.Clear();
        }

        return _known[number] = claim.AccountId;
    }

    /// <summary>Whether the text names this account. An id names what has it, or nothing.</summary>
    internal static bool Names(string account, Account? found) =>
        PublicId.TryParse(AccountId.Prefix, account, out _)
        || (AccountNumber.TryParseStored(account, out var number) && found?.Number == number);

    /// <summary>The next look at this number asks the database.</summary>
    internal void Forget(string account)
    {
        if (AccountNumber.TryParseStored(account, out var number))
        {
            _known.TryRemove(number, out _);
        }
    }
}

/// <summary>Holds a number for one account for ever. Its key is the number, so the second claim fails with its whole transaction.</summary>
public sealed record AccountNumberClaim(string Id, Guid AccountId);
