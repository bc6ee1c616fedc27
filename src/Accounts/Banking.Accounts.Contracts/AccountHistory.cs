using Banking.SharedKernel;

namespace Banking.Accounts.Contracts;

/// <summary>
/// An account taken over from another bank with all that was booked on it, oldest first. What was booked is a fact and is not refused.
/// </summary>
/// <param name="AccountId">Derived from the source, so that a second take-over finds the first.</param>
/// <param name="Number">The account's number at this bank.</param>
/// <param name="ExternalId">The id it had at its source.</param>
/// <param name="OpenedAt">When it was opened there.</param>
/// <param name="Movements">In the order in which they were booked.</param>
public sealed record AccountHistory(
    Guid AccountId,
    AccountNumber Number,
    string ExternalId,
    Guid OwnerId,
    IReadOnlyList<HistoricDelegate> Delegates,
    Currency Currency,
    string Product,
    DateTimeOffset OpenedAt,
    SourceRow Source,
    IReadOnlyList<HistoricMovement> Movements);

/// <summary>Somebody besides the owner who may use the account.</summary>
public sealed record HistoricDelegate(Guid CustomerId, SourceRow Source);

/// <summary>One booked row of another bank.</summary>
/// <param name="Id">Derived from the source row; becomes the event's id.</param>
/// <param name="Direction">Whether it raised or lowered the balance.</param>
/// <param name="Amount">As the row states it; positive, or zero where the source has such rows.</param>
/// <param name="BankSide">The bank's own leg of the entry.</param>
/// <param name="Rounding">What the row's printed amount misses to the balance recorded after it; null when nothing.</param>
public sealed record HistoricMovement(
    Guid Id,
    Direction Direction,
    Money Amount,
    DateTimeOffset EffectiveAt,
    BankSide BankSide,
    MovementDetails Details,
    SourceRow Source,
    HistoricRounding? Rounding);

/// <summary>A correction of class rounding that brings the replayed balance to the recorded one.</summary>
public sealed record HistoricRounding(Guid Id, Direction Direction, Money Amount);
