namespace Banking.Accounts.ReadModels;

/// <summary>One customer's right to use one account: what a customer's list of accounts is made of.</summary>
public sealed record AccountAccess(string Id, Guid AccountId, Guid CustomerId)
{
    internal static AccountAccess Of(Guid account, Guid customer) => new($"{account:N}:{customer:N}", account, customer);
}

/// <summary>The id that an account had where it came from. Two sources may have used the same.</summary>
public sealed record AccountExternalId(string Id, Guid AccountId, string ExternalId)
{
    internal static AccountExternalId Of(Guid account, string externalId) => new($"{externalId}:{account:N}", account, externalId);
}
