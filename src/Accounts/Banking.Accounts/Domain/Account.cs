using System.Text.Json.Serialization;
using Banking.Accounts.Contracts;
using Banking.EventStore.Streams;
using Banking.SharedKernel;

namespace Banking.Accounts.Domain;

public enum AccountStatus
{
    Open,
    Closed,
}

/// <summary>The state of an account: everything that a decision may use. It is small, because every movement writes it.</summary>
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
    internal const string StoredType = "account";

    public static string StreamType => StoredType;

    [JsonIgnore]
    public Currency Currency => Balance.Currency;

    /// <summary>The version at which its state was last carried forward; null if it never was.</summary>
    public long? CarriedAt { get; init; }

    /// <summary>The account's events by effective time. Present only while a backdated command is decided.</summary>
    [JsonIgnore]
    public AccountTimeline? Timeline { get; init; }

    /// <summary>The amount that may be debited: the balance plus the overdraft limit.</summary>
    [JsonIgnore]
    public Money Available => Balance + OverdraftLimit;

    public bool IsUnchangedSince(long version) => version == Version || (CarriedAt == Version && version == Version - 1);

    /// <summary>Whether this customer may use the account.</summary>
    public bool IsUsedBy(Guid customer) => Owner == customer || Delegates.Contains(customer);

    public static Account Fold(Account? state, Guid id, object @event, DateTimeOffset recordedAt)
    {
        var next = (state, @event) switch
        {
            (null, AccountOpened e) => new Account(
                id, 0, recordedAt, e.Number, e.Owner, [], e.Product, AccountStatus.Open,
                Money.Zero(e.OverdraftLimit.Currency), e.OverdraftLimit, false, false, e.EffectiveAt, e.ExternalId),
            ({ } a, IMovement or OverdraftLimitSet) => a,
            ({ } a, AccountCarriedForward) => a with { CarriedAt = a.Version + 1 },
            ({ } a, DelegateAuthorized e) => a with { Delegates = [.. a.Delegates, e.Customer] },
            ({ } a, AccountFrozen e) => a.WithFreeze(e.Scope, true),
            ({ } a, AccountUnfrozen e) => a.WithFreeze(e.Scope, false),
            ({ } a, AccountClosed) => a with { Status = AccountStatus.Closed },
            _ => throw new InvalidOperationException(
                $"{@event.GetType().Name} cannot follow {state?.Status.ToString() ?? "nothing"} in account {id}."),
        };
        var change = FundsChange.Of(@event);
        return next with
        {
            Version = next.Version + 1,
            RecordedAt = recordedAt,
            Balance = change.Amount is { } amount ? next.Balance + amount : next.Balance,
            OverdraftLimit = change.OverdraftLimit ?? next.OverdraftLimit,
            Timeline = state?.Timeline?.With([@event]),
        };
    }

    public static Account? Resume(Guid id, object @event, long version, DateTimeOffset recordedAt) =>
        (@event as AccountCarriedForward)?.State(id, version, recordedAt);

    private Account WithFreeze(FreezeScope scope, bool frozen) => this with
    {
        DebitFrozen = scope == FreezeScope.Credit ? DebitFrozen : frozen,
        CreditFrozen = scope == FreezeScope.Debit ? CreditFrozen : frozen,
    };
}
