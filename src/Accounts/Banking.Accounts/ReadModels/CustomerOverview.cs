using Banking.Accounts.Domain;
using Banking.Customers.Contracts;
using Banking.ReadModels.Documents;
using JasperFx.Events;

namespace Banking.Accounts.ReadModels;

/// <summary>A customer with the accounts that the customer owns: everything that movements do not change, and nothing personal.</summary>
/// <param name="Id">The customer.</param>
/// <param name="RegisteredAt">Null only if the log has no registration of the owner.</param>
/// <param name="Accounts">In the order of their opening.</param>
public sealed record CustomerOverview(Guid Id, DateTimeOffset? RegisteredAt, IReadOnlyList<OverviewAccount> Accounts)
{
    internal CustomerOverview With(IEvent e)
    {
        var known = Accounts.FirstOrDefault(a => a.Account.Id == e.StreamId);
        var next = new OverviewAccount(
            AccountDirectoryEntry.Of(Account.Fold(known?.Account.WithoutMovements(), e.StreamId, e.Data, e.Timestamp)),
            (e.Data as AccountClosed)?.EffectiveAt ?? known?.ClosedAt);
        return this with
        {
            Accounts = known is null ? [.. Accounts, next] : [.. Accounts.Select(a => a == known ? next : a)],
        };
    }
}

/// <summary>An account of a customer.</summary>
public sealed record OverviewAccount(AccountDirectoryEntry Account, DateTimeOffset? ClosedAt);

/// <summary>
/// Projects a document per customer from rare events only; movements are not loaded. It is a model of this module because all but one of
/// its events are: of the customer's it needs the registration, by the contract of Customers.
/// </summary>
public sealed partial class CustomerOverviews : JoinedProjection<CustomerOverview>
{
    public const string ModelName = "customer-overview";

    public CustomerOverviews()
    {
        Name = ModelName;
        IncludeContract<ICustomerRegistered>();
        IncludeType<AccountOpened>();
        IncludeType<DelegateAuthorized>();
        IncludeType<AccountFrozen>();
        IncludeType<AccountUnfrozen>();
        IncludeType<OverdraftLimitSet>();
        IncludeType<AccountClosed>();
    }

    public override Guid DocumentOf(IEvent first)
    {
        return first.Data is AccountOpened opened ? opened.Owner : first.StreamId;
    }

    public override IEnumerable<Guid> StreamsOf(CustomerOverview document)
    {
        return document.Accounts.Select(a => a.Account.Id).Append(document.Id);
    }

    public override CustomerOverview? Evolve(CustomerOverview? snapshot, Guid id, IEvent e)
    {
        var overview = snapshot ?? new(id, null, []);
        return e.Data is ICustomerRegistered registered ? overview with { RegisteredAt = registered.EffectiveAt } : overview.With(e);
    }
}
