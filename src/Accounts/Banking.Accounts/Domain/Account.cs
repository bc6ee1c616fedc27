using System.Text.Json.Serialization;
using Banking.Accounts.Contracts;
using Banking.Platform.EventSourcing;
using Banking.SharedKernel;

namespace Banking.Accounts.Domain;

public enum AccountStatus
{
    Open,
    Closed,
}

/// <summary>All that a decision may look at. Small, because it is written with every movement.</summary>
public sealed record Account(
    Guid Id,
    long Version,
    DateTimeOffset RecordedAt,
    AccountNumber Number,
    Guid Owner,
    IReadOnlyList<Guid> Delegates,
    string Product,
    AccountStatus Status,
    Money Balance,
    Money OverdraftLimit,
    bool DebitFrozen,
    bool CreditFrozen,
    DateTimeOffset OpenedAt,
    string? ExternalId) : IEventSourced<Account>
{
    public static string StreamType => "account";

    [JsonIgnore]
    public Currency Currency => Balance.Currency;

    /// <summary>Only where a backdated command is decided, and until then: what happened on the account and when it counted.</summary>
    [JsonIgnore]
    public AccountPast? Past { get; init; }

    /// <summary>What may go out: the balance and the agreed overdraft.</summary>
    [JsonIgnore]
    public Money Available => Balance + OverdraftLimit;

    /// <summary>Whether this customer may use the account.</summary>
    public bool IsUsedBy(Guid customer) => Owner == customer || Delegates.Contains(customer);

    public static Account Fold(Account? state, Guid id, object @event, DateTimeOffset recordedAt)
    {
        var next = (state, @event) switch
        {
            (null, AccountOpened e) => new Account(
                id, 0, recordedAt, e.Number, e.Owner, [], e.Product, AccountStatus.Open,
                Money.Zero(e.OverdraftLimit.Currency), e.OverdraftLimit, false, false, e.EffectiveAt, e.ExternalId),
            ({ } a, IMovement { Direction: Direction.Credit } e) => a with { Balance = a.Balance + e.Amount },
            ({ } a, IMovement { Direction: Direction.Debit } e) => a with { Balance = a.Balance - e.Amount },
            ({ } a, DelegateAuthorized e) => a with { Delegates = [.. a.Delegates, e.Customer] },
            ({ } a, AccountFrozen e) => a.WithFreeze(e.Scope, true),
            ({ } a, AccountUnfrozen e) => a.WithFreeze(e.Scope, false),
            ({ } a, OverdraftLimitSet e) => a with { OverdraftLimit = e.Limit },
            ({ } a, AccountClosed) => a with { Status = AccountStatus.Closed },
            _ => throw new InvalidOperationException(
                $"{@event.GetType().Name} cannot follow {state?.Status.ToString() ?? "nothing"} in account {id}."),
        };
        return next with { Version = next.Version + 1, RecordedAt = recordedAt, Past = state?.Past?.With([@event]) };
    }

    private Account WithFreeze(FreezeScope scope, bool frozen) => this with
    {
        DebitFrozen = scope == FreezeScope.Credit ? DebitFrozen : frozen,
        CreditFrozen = scope == FreezeScope.Debit ? CreditFrozen : frozen,
    };
}
