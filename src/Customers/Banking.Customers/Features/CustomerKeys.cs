using Banking.Customers.Domain;
using Banking.EventStore.Keys;
using Marten;

namespace Banking.Customers.Features;

/// <summary>Makes, finds and unwraps the keys of customers' personal data.</summary>
public sealed class CustomerKeys(CheckedWrapping wrapping, IDocumentStore store)
{
    /// <summary>Makes a key, and the document that stores it.</summary>
    /// <exception cref="KeyUnavailableException">Keys cannot be wrapped.</exception>
    public async Task<(CustomerKey Key, StoredKey Stored)> CreateAsync(Guid customer, CancellationToken ct)
    {
        var key = CustomerKey.For(customer);
        return (key, await WrapAsync(key, ct));
    }

    /// <summary>Finds the keys of these customers with one query. A customer without one is erased.</summary>
    /// <exception cref="KeyUnavailableException">A key cannot be unwrapped.</exception>
    public async Task<IReadOnlyDictionary<Guid, CustomerKey>> FindAsync(IReadOnlyCollection<Guid> customers, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        var keys = new Dictionary<Guid, CustomerKey>();
        foreach (var stored in await session.LoadManyAsync<StoredKey>(ct, customers))
        {
            keys[stored.Id] = await UnwrapAsync(stored, ct);
        }

        return keys;
    }

    internal async Task<StoredKey> WrapAsync(CustomerKey key, CancellationToken ct) =>
        StoredKey.Of(key.Id, await wrapping.WrapAsync(Convert.FromBase64String(key.Key), ct));

    /// <exception cref="KeyUnavailableException">The key cannot be unwrapped, or what is stored is no key.</exception>
    internal async Task<CustomerKey> UnwrapAsync(StoredKey stored, CancellationToken ct)
    {
        var key = stored is { Wrapped: { } text, WrappedBy: { } by }
            ? Convert.ToBase64String(await wrapping.UnwrapAsync(new(by, text), ct))
            : stored.Key;
        return CustomerKey.IsKey(key)
            ? new(stored.Id, key)
            : throw new KeyUnavailableException($"The stored key of the customer {stored.Id} is damaged.") { IsDamaged = true };
    }
}
