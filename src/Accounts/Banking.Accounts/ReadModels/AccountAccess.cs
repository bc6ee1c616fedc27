using Marten;

namespace Banking.Accounts.ReadModels;

/// <summary>A customer's right to use an account. Lists of a customer's accounts are found by these documents.</summary>
public sealed record AccountAccess(string Id, Guid AccountId, Guid CustomerId)
{
    internal static AccountAccess Of(Guid account, Guid customer) => new($"{account:N}:{customer:N}", account, customer);

    /// <summary>The accounts that a customer may use.</summary>
    internal static async Task<Guid[]> AccountsOfAsync(IDocumentStore store, Guid customer, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        return [.. (await session.Query<AccountAccess>().Where(a => a.CustomerId == customer).ToListAsync(ct)).Select(a => a.AccountId)];
    }
}

/// <summary>The id that an imported account had at its source. Two sources may have used the same id.</summary>
public sealed record AccountExternalId(string Id, Guid AccountId, string ExternalId)
{
    internal static AccountExternalId Of(Guid account, string externalId) => new($"{externalId}:{account:N}", account, externalId);
}
