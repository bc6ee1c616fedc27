using Banking.Accounts.Domain;
using Banking.SharedKernel;
using JasperFx.Events;
using Marten.Events.Aggregation;

namespace Banking.Accounts.ReadModels;

/// <summary>The document that lists of accounts search: everything about an account that movements do not change.</summary>
public sealed record AccountDirectoryEntry(
    Guid Id,
    AccountNumber Number,
    Guid Owner,
    IReadOnlyList<Guid> Delegates,
    string Product,
    string Currency,
    AccountStatus Status,
    Money OverdraftLimit,
    bool DebitFrozen,
    bool CreditFrozen,
    DateTimeOffset OpenedAt,
    string? ExternalId)
{
    internal static AccountDirectoryEntry Of(Account account) =>
        new(
            account.Id,
            account.Number,
            account.Owner,
            account.Delegates,
            account.Product,
            account.Currency.Code,
            account.Status,
            account.OverdraftLimit,
            account.DebitFrozen,
            account.CreditFrozen,
            account.OpenedAt,
            account.ExternalId);

    /// <summary>The account with a balance of zero, so that the projection can use the fold of decisions.</summary>
    internal Account WithoutMovements() =>
        new(
            Id,
            0,
            OpenedAt,
            Number,
            Owner,
            Delegates,
            Product,
            Status,
            Money.Zero(OverdraftLimit.Currency),
            OverdraftLimit,
            DebitFrozen,
            CreditFrozen,
            OpenedAt,
            ExternalId);
}

/// <summary>Projects the directory of accounts from rare events only; movements are not loaded.</summary>
public sealed partial class AccountDirectory : SingleStreamProjection<AccountDirectoryEntry, Guid>
{
    public const string ModelName = "account-directory";

    public AccountDirectory()
    {
        Name = ModelName;
        IncludeType<AccountOpened>();
        IncludeType<DelegateAuthorized>();
        IncludeType<AccountFrozen>();
        IncludeType<AccountUnfrozen>();
        IncludeType<OverdraftLimitSet>();
        IncludeType<AccountClosed>();
    }

    public override AccountDirectoryEntry? Evolve(AccountDirectoryEntry? snapshot, Guid id, IEvent e)
    {
        return AccountDirectoryEntry.Of(Account.Fold(snapshot?.WithoutMovements(), id, e.Data, e.Timestamp));
    }
}
