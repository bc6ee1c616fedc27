using Banking.Accounts.Contracts;
using Banking.SharedKernel;

namespace Banking.Accounts.Domain;

/// <summary>A booking of a correction (ADR 0061).</summary>
internal interface ICorrectionEvent : IStoredMovement
{
    CorrectionLink Correction { get; }

    OtherAccount? Other { get; }

    MovementDetails? Details { get; }
}

/// <summary>
/// The correction that a booking belongs to, and the transactions that it corrects. The same in all bookings of a correction.
/// </summary>
/// <param name="Id">Id of the correction; also the id of its booking on the account that the next correction must change.</param>
/// <param name="Corrects">Id of the corrected transaction, which may be a correction.</param>
/// <param name="Transaction">Id of the deposit, withdrawal or transfer at the beginning of the chain.</param>
/// <param name="Of">The kind of that transaction.</param>
/// <param name="Kind">What was wrong.</param>
/// <param name="AllowOverdrawn">true: the correction was allowed to take an account below what it allows.</param>
public sealed record CorrectionLink(
    Guid Id, Guid Corrects, Guid Transaction, TransactionKind Of, CorrectionKind Kind, bool? AllowOverdrawn = null);

/// <summary>The account on the other side of a transfer.</summary>
/// <param name="Id">Id of the account.</param>
/// <param name="Number">Number of the account.</param>
public sealed record OtherAccount(Guid Id, AccountNumber Number);

/// <summary>A correction took a booking back. The booking stays; this one has the opposite direction.</summary>
/// <param name="Correction">The correction that this booking belongs to.</param>
/// <param name="BankSide">The bank's own leg; null for a transfer.</param>
/// <param name="Other">The account on the other side of a transfer.</param>
public sealed record MovementReversed(
    CorrectionLink Correction, Direction Direction, Money Amount, DateTimeOffset EffectiveAt,
    BankSide? BankSide = null, OtherAccount? Other = null, MovementDetails? Details = null) : ICorrectionEvent;

/// <summary>A correction booked what is right: with another amount, account or time, or again after the reversal of a reversal.</summary>
/// <param name="Correction">The correction that this booking belongs to.</param>
/// <param name="BankSide">The bank's own leg; null for a transfer.</param>
/// <param name="Other">The account on the other side of a transfer.</param>
public sealed record MovementRebooked(
    CorrectionLink Correction, Direction Direction, Money Amount, DateTimeOffset EffectiveAt,
    BankSide? BankSide = null, OtherAccount? Other = null, MovementDetails? Details = null) : ICorrectionEvent;
