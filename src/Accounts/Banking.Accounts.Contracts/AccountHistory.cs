using Banking.SharedKernel;

namespace Banking.Accounts.Contracts;

/// <summary>
/// An account imported from another bank, with all its bookings, oldest first. Bookings are facts: the import refuses none.
/// </summary>
/// <param name="AccountId">Derived from the source, so that a second import finds the account of the first.</param>
/// <param name="Number">The account's number at this bank.</param>
/// <param name="ExternalId">The account's id at its source.</param>
/// <param name="OpenedAt">When the account was opened at its source.</param>
/// <param name="Movements">In the order in which they were booked.</param>
/// <param name="Statements">How often the source issued statements; this bank continues.</param>
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
    IReadOnlyList<HistoricMovement> Movements,
    StatementFrequency Statements = StatementFrequency.None);

/// <summary>A customer other than the owner who may use the account.</summary>
public sealed record HistoricDelegate(Guid CustomerId, SourceRow Source);

/// <summary>One booked row of another bank.</summary>
/// <param name="Id">Derived from the source row; becomes the event's id.</param>
/// <param name="Direction">Whether the row raised or lowered the balance.</param>
/// <param name="Amount">The amount in the row: positive, or zero if the source has such rows.</param>
/// <param name="BankSide">The bank's own leg of the entry.</param>
/// <param name="Rounding">The difference between the row's amount and the change of the recorded balance; null if there is none.</param>
public sealed record HistoricMovement(
    Guid Id,
    Direction Direction,
    Money Amount,
    DateTimeOffset EffectiveAt,
    BankSide BankSide,
    MovementDetails Details,
    SourceRow Source,
    HistoricRounding? Rounding);

/// <summary>A correction of class rounding that makes the replayed balance equal to the recorded one.</summary>
public sealed record HistoricRounding(Guid Id, Direction Direction, Money Amount);
