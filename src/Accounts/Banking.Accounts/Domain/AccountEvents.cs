using System.Text.Json;
using System.Text.Json.Serialization;
using Banking.Accounts.Contracts;
using Banking.SharedKernel;

namespace Banking.Accounts.Domain;

/// <summary>
/// A stored movement. Reading it checks the amount: a negative one would move money in the wrong direction, and no command writes zero.
/// </summary>
internal interface IStoredMovement : IMovement, IJsonOnDeserialized
{
    // Another bank's books may contain rows of amount zero; the import keeps them.
    SourceRow? Source => null;

    void IJsonOnDeserialized.OnDeserialized() => StoredAmount.Check(Amount, Source);
}

/// <summary>Checks the amount of a stored movement, of whatever version, when it is read.</summary>
internal static class StoredAmount
{
    public static void Check(Money amount, SourceRow? source)
    {
        if (amount.IsNegative || (amount.IsZero && source is null))
        {
            throw new JsonException($"{amount} is not a valid amount of a movement.", "$.amount", null, null);
        }
    }
}

/// <summary>Checks a stored overdraft limit when it is read.</summary>
internal static class StoredLimit
{
    public static void Check(Money limit, string member)
    {
        if (limit.IsNegative)
        {
            throw new JsonException($"{limit} is not a valid overdraft limit.", "$." + member, null, null);
        }
    }
}

/// <summary>The account was opened.</summary>
/// <param name="Number">Unique in the bank. It never changes and is never used for another account.</param>
/// <param name="Owner">The customer who owns the account.</param>
/// <param name="Product">The kind of account: current …</param>
/// <param name="OverdraftLimit">How far below zero the balance may go, zero or more. Its currency is the account's currency.</param>
/// <param name="ExternalId">The account's id at the system that it was imported from.</param>
/// <param name="Source">The source row of an imported account.</param>
public sealed record AccountOpened(
    AccountNumber Number, Guid Owner, string Product, Money OverdraftLimit, DateTimeOffset EffectiveAt,
    string? ExternalId = null, SourceRow? Source = null) : IAccountEvent, IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized() => StoredLimit.Check(OverdraftLimit, "overdraftLimit");
}

/// <summary>A customer other than the owner was authorized to use the account.</summary>
/// <param name="Customer">The authorized customer.</param>
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

/// <summary>Money left the bank's accounts.</summary>
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

/// <summary>Money was transferred to another account of this bank. The other half is stored in the same transaction.</summary>
/// <param name="TransferId">The same in both halves; also the id of this event.</param>
/// <param name="To">The payee's account.</param>
/// <param name="ToNumber">The number of the payee's account.</param>
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

/// <summary>Money was transferred from another account of this bank.</summary>
/// <param name="TransferId">The same in both halves.</param>
/// <param name="From">The payer's account.</param>
/// <param name="FromNumber">The number of the payer's account.</param>
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

/// <summary>
/// The balance after an imported movement differed from the one that the source recorded, and the difference was booked. It is no
/// correction: nothing was wrong with the movement.
/// </summary>
/// <param name="Movement">The event of the movement.</param>
/// <param name="Cause">Where the difference comes from: rounding …</param>
/// <param name="Source">The source row that shows the difference.</param>
public sealed record DifferenceBooked(
    Guid Movement, string Cause, Direction Direction, Money Amount, BankSide BankSide, DateTimeOffset EffectiveAt, SourceRow? Source = null)
    : IStoredMovement
{
    BankSide? IMovement.BankSide => BankSide;
}

/// <summary>The account was frozen for debits, credits or both.</summary>
public sealed record AccountFrozen(FreezeScope Scope, DateTimeOffset EffectiveAt) : IAccountEvent;

/// <summary>A freeze was lifted for debits, credits or both.</summary>
public sealed record AccountUnfrozen(FreezeScope Scope, DateTimeOffset EffectiveAt) : IAccountEvent;

/// <summary>The overdraft limit was changed.</summary>
public sealed record OverdraftLimitSet(Money Limit, DateTimeOffset EffectiveAt) : IAccountEvent, IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized() => StoredLimit.Check(Limit, "limit");
}

/// <summary>The account was closed. No event follows, except that its state may be carried forward.</summary>
public sealed record AccountClosed(DateTimeOffset EffectiveAt) : IAccountEvent;
