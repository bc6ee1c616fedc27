using System.Collections.Concurrent;
using Banking.Accounts.Domain;
using Banking.SharedKernel;
using Marten;

namespace Banking.Accounts.ReadModels;

/// <summary>An account number works wherever an id does. A number never moves to another account, so what was found once stays found.</summary>
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

        if (!AccountNumber.TryParse(account, out var number))
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
}

/// <summary>Holds a number for one account for ever. Its key is the number, so the second claim fails with its whole transaction.</summary>
public sealed record AccountNumberClaim(string Id, Guid AccountId);
