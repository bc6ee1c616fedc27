using System.Text.Json;
using System.Text.Json.Serialization;
using Banking.Accounts.Contracts;
using Banking.SharedKernel;

namespace Banking.Accounts.Domain;

/// <summary>
/// A movement as it is stored. Asked when it is read: an amount below zero would move money the other way, and one of nothing is told by no
/// command.
/// </summary>
internal interface IStoredMovement : IMovement, IJsonOnDeserialized
{
    // Only in the books of another bank there are rows of nothing, and they are kept as they are.
    SourceRow? Source => null;

    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Amount.IsNegative || (Amount.IsZero && Source is null))
        {
            throw new JsonException($"{Amount} is no amount of a movement.", "$.amount", null, null);
        }
    }
}

/// <summary>A limit as it is stored.</summary>
internal static class StoredLimit
{
    public static void Check(Money limit, string member)
    {
        if (limit.IsNegative)
        {
            throw new JsonException($"{limit} is no overdraft limit.", "$." + member, null, null);
        }
    }
}

/// <summary>The account exists from here on.</summary>
/// <param name="Number">Unique in the bank, never changed and never given again.</param>
/// <param name="Owner">The customer whose account it is.</param>
/// <param name="Product">What kind of account it is: current …</param>
/// <param name="OverdraftLimit">How far below zero it may go, zero or more; its currency is the account's for ever.</param>
/// <param name="ExternalId">Its id at the system it came from.</param>
/// <param name="Source">The row it came from.</param>
public sealed record AccountOpened(
    AccountNumber Number, Guid Owner, string Product, Money OverdraftLimit, DateTimeOffset EffectiveAt,
    string? ExternalId = null, SourceRow? Source = null) : IAccountEvent, IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized() => StoredLimit.Check(OverdraftLimit, "overdraftLimit");
}

/// <summary>Somebody besides the owner may use the account.</summary>
/// <param name="Customer">Who may.</param>
public sealed record DelegateAuthorized(Guid Customer, DateTimeOffset EffectiveAt, SourceRow? Source = null) : IAccountEvent;

/// <summary>Money came in from outside the bank's accounts.</summary>
public sealed record MoneyDeposited(
    Money Amount,
    BankSide BankSide,
    DateTimeOffset EffectiveAt,
    MovementDetails? Details = null,
    SourceRow? Source = null) : IStoredMovement
{
    Direction IMovement.Direction => Direction.Credit;

    BankSide? IMovement.BankSide => BankSide;
}

/// <summary>Money left to outside the bank's accounts.</summary>
public sealed record MoneyWithdrawn(
    Money Amount,
    BankSide BankSide,
    DateTimeOffset EffectiveAt,
    MovementDetails? Details = null,
    SourceRow? Source = null) : IStoredMovement
{
    Direction IMovement.Direction => Direction.Debit;

    BankSide? IMovement.BankSide => BankSide;
}

/// <summary>Money left to another account of this bank. The other half is stored in the same transaction.</summary>
/// <param name="TransferId">The same in both halves; also the id of this event.</param>
/// <param name="To">The account that it went to.</param>
/// <param name="ToNumber">The number of that account.</param>
public sealed record TransferSent(
    Guid TransferId,
    Guid To,
    AccountNumber ToNumber,
    Money Amount,
    DateTimeOffset EffectiveAt,
    MovementDetails? Details = null) : IStoredMovement
{
    Direction IMovement.Direction => Direction.Debit;

    BankSide? IMovement.BankSide => null;
}

/// <summary>Money came in from another account of this bank.</summary>
/// <param name="TransferId">The same in both halves.</param>
/// <param name="From">The account that it came from.</param>
/// <param name="FromNumber">The number of that account.</param>
public sealed record TransferReceived(
    Guid TransferId,
    Guid From,
    AccountNumber FromNumber,
    Money Amount,
    DateTimeOffset EffectiveAt,
    MovementDetails? Details = null) : IStoredMovement
{
    Direction IMovement.Direction => Direction.Credit;

    BankSide? IMovement.BankSide => null;
}

/// <summary>An earlier event was wrong by this much. It stays as it is; this one puts the balance right.</summary>
/// <param name="Corrects">The event that was wrong.</param>
/// <param name="Class">Why: rounding …</param>
/// <param name="Source">The row that shows it.</param>
public sealed record CorrectionBooked(
    Guid Corrects, string Class, Direction Direction, Money Amount, BankSide BankSide, DateTimeOffset EffectiveAt, SourceRow? Source = null)
    : IStoredMovement
{
    BankSide? IMovement.BankSide => BankSide;
}

/// <summary>No money moves that way until it is unfrozen.</summary>
public sealed record AccountFrozen(FreezeScope Scope, DateTimeOffset EffectiveAt) : IAccountEvent;

/// <summary>Money moves that way again.</summary>
public sealed record AccountUnfrozen(FreezeScope Scope, DateTimeOffset EffectiveAt) : IAccountEvent;

/// <summary>From here on the account may go this far below zero.</summary>
public sealed record OverdraftLimitSet(Money Limit, DateTimeOffset EffectiveAt) : IAccountEvent, IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized() => StoredLimit.Check(Limit, "limit");
}

/// <summary>Nothing can happen on the account any more.</summary>
public sealed record AccountClosed(DateTimeOffset EffectiveAt) : IAccountEvent;
