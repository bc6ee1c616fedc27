using Banking.Accounts.Domain;
using Banking.EventStore.Storage;
using Banking.SharedKernel;
using Marten;

namespace Banking.Accounts.Lookups;

/// <summary>
/// Resolves account ids and numbers to accounts. Resolved numbers are cached, because a number never moves to another account, except by
/// a restore of the database in place. So the account found by a cached number must be checked with <see cref="IsReferenceTo"/> before it
/// is used.
/// </summary>
public sealed class AccountResolver(IDocumentStore store)
{
    private const int MaxCached = 100_000;

    private readonly BoundedCache<AccountNumber, Guid> _cache = new(MaxCached);

    /// <summary>The id of the account; null if the text is neither an id nor the number of an account.</summary>
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

        if (_cache.TryGet(number, out id))
        {
            return id;
        }

        await using var session = store.QuerySession();
        if (await session.LoadAsync<AccountNumberClaim>(number.Value, ct) is not { } claim)
        {
            return null;
        }

        _cache.Set(number, claim.AccountId);
        return claim.AccountId;
    }

    /// <summary>Whether the text refers to this account. An id always does, because it was the key of the lookup.</summary>
    internal static bool IsReferenceTo(string account, Account? found) =>
        PublicId.TryParse(AccountId.Prefix, account, out _)
        || (AccountNumber.TryParseStored(account, out var number) && found?.Number == number);

    /// <summary>Removes a number from the cache.</summary>
    internal void Forget(string account)
    {
        if (AccountNumber.TryParseStored(account, out var number))
        {
            _cache.Remove(number);
        }
    }
}

/// <summary>Claims a number for one account. The number is the key, so a second claim fails together with its transaction.</summary>
public sealed record AccountNumberClaim(string Id, Guid AccountId);
