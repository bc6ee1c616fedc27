using Banking.Accounts.Domain;
using Marten;

namespace Banking.Accounts.ReadModels;

/// <summary>One customer's right to use one account: what a customer's list of accounts is made of.</summary>
public sealed record AccountAccess(string Id, Guid AccountId, Guid CustomerId)
{
    internal static string Key(Guid account, Guid customer) => $"{account:N}:{customer:N}";

    /// <summary>Written where the users of an account change, in the transaction of the event that says so.</summary>
    internal static void Store(IDocumentOperations operations, Account? before, Account after)
    {
        if (before is null)
        {
            operations.Store(new AccountAccess(Key(after.Id, after.Owner), after.Id, after.Owner));
        }

        if (before?.Delegates.Count != after.Delegates.Count)
        {
            foreach (var customer in after.Delegates)
            {
                operations.Store(new AccountAccess(Key(after.Id, customer), after.Id, customer));
            }
        }
    }
}
