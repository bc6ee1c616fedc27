using System.ComponentModel.DataAnnotations;

namespace Banking.Accounts.Contracts.Published;

/// <summary>Money came in from outside the bank's accounts: the balance rises.</summary>
/// <param name="DepositId">The deposit, <c>dep_…</c>.</param>
/// <param name="Amount">The amount.</param>
/// <param name="BankSide">The bank's own leg: cash, settlement, interest, fees or suspense.</param>
/// <param name="EffectiveAt">When the event takes effect.</param>
public sealed record MoneyDepositedV1(
    [RegularExpression(Shapes.Deposit)] string DepositId, PublicAmount Amount, BankSide BankSide, DateTimeOffset EffectiveAt);

/// <summary>Money left the bank's accounts: the balance falls.</summary>
/// <param name="WithdrawalId">The withdrawal, <c>wdr_…</c>.</param>
/// <param name="Amount">The amount.</param>
/// <param name="BankSide">The bank's own leg: cash, settlement, interest, fees or suspense.</param>
/// <param name="EffectiveAt">When the event takes effect.</param>
public sealed record MoneyWithdrawnV1(
    [RegularExpression(Shapes.Withdrawal)] string WithdrawalId, PublicAmount Amount, BankSide BankSide, DateTimeOffset EffectiveAt);

/// <summary>
/// A transfer was completed, seen from the account that paid: the balance falls. The other half was booked in the same transaction.
/// </summary>
/// <param name="TransferId">The transfer, <c>trf_…</c>, the same in both halves.</param>
/// <param name="ToAccountId">The account that was paid, <c>acc_…</c>.</param>
/// <param name="Amount">The amount.</param>
/// <param name="EffectiveAt">When the event takes effect.</param>
public sealed record TransferSentV1(
    [RegularExpression(Shapes.Transfer)] string TransferId,
    [RegularExpression(Shapes.Account)] string ToAccountId,
    PublicAmount Amount,
    DateTimeOffset EffectiveAt);

/// <summary>
/// A transfer was completed, seen from the account that was paid: the balance rises. The other half was booked in the same transaction.
/// </summary>
/// <param name="TransferId">The transfer, <c>trf_…</c>, the same in both halves.</param>
/// <param name="FromAccountId">The account that paid, <c>acc_…</c>.</param>
/// <param name="Amount">The amount.</param>
/// <param name="EffectiveAt">When the event takes effect.</param>
public sealed record TransferReceivedV1(
    [RegularExpression(Shapes.Transfer)] string TransferId,
    [RegularExpression(Shapes.Account)] string FromAccountId,
    PublicAmount Amount,
    DateTimeOffset EffectiveAt);

/// <summary>
/// A rule refused a transfer. The subject is the account that would have paid. No money moved, so the event has no version of the account.
/// The facts that the decision saw are not published.
/// </summary>
/// <param name="RefusalId">The refusal, <c>ref_…</c>; the bank stores the facts that the decision saw under this id.</param>
/// <param name="Code">The rule that refused, as a code: insufficient_funds, account_frozen, payee_account_closed …</param>
/// <param name="EffectiveAt">When the transfer was refused.</param>
public sealed record TransferRefusedV1([RegularExpression(Shapes.Refusal)] string RefusalId, string Code, DateTimeOffset EffectiveAt);

/// <summary>A correction of an earlier event's amount was booked.</summary>
/// <param name="Corrects">The event that is corrected, <c>evt_…</c>.</param>
/// <param name="Class">The class of the correction: rounding …</param>
/// <param name="Direction">credit raises the balance, debit lowers it.</param>
/// <param name="Amount">The difference.</param>
/// <param name="EffectiveAt">When the event takes effect.</param>
public sealed record CorrectionBookedV1(
    [RegularExpression(Shapes.Event)] string Corrects, string Class, Direction Direction, PublicAmount Amount, DateTimeOffset EffectiveAt);

/// <summary>A correction took a booking back. The booking stays; this one has the opposite direction.</summary>
/// <param name="CorrectionId">The correction, <c>cor_…</c>, the same in all its bookings.</param>
/// <param name="CorrectsId">The corrected transaction: a deposit, withdrawal, transfer or correction.</param>
/// <param name="TransactionId">The deposit, withdrawal or transfer at the beginning of the chain.</param>
/// <param name="Kind">What was wrong: reversal, amount, account, effective-date or duplicate.</param>
/// <param name="Direction">credit raises the balance, debit lowers it.</param>
/// <param name="Amount">The amount of the booking.</param>
/// <param name="EffectiveAt">When the event takes effect.</param>
public sealed record MovementReversedV1(
    [RegularExpression(Shapes.Correction)] string CorrectionId,
    [RegularExpression(Shapes.Transaction)] string CorrectsId,
    [RegularExpression(Shapes.FirstTransaction)] string TransactionId,
    CorrectionKind Kind,
    Direction Direction,
    PublicAmount Amount,
    DateTimeOffset EffectiveAt);

/// <summary>A correction booked what is right: with another amount, account or time, or again after the reversal of a reversal.</summary>
/// <param name="CorrectionId">The correction, <c>cor_…</c>, the same in all its bookings.</param>
/// <param name="CorrectsId">The corrected transaction: a deposit, withdrawal, transfer or correction.</param>
/// <param name="TransactionId">The deposit, withdrawal or transfer at the beginning of the chain.</param>
/// <param name="Kind">What was wrong: reversal, amount, account, effective-date or duplicate.</param>
/// <param name="Direction">credit raises the balance, debit lowers it.</param>
/// <param name="Amount">The amount of the booking.</param>
/// <param name="EffectiveAt">When the event takes effect.</param>
public sealed record MovementRebookedV1(
    [RegularExpression(Shapes.Correction)] string CorrectionId,
    [RegularExpression(Shapes.Transaction)] string CorrectsId,
    [RegularExpression(Shapes.FirstTransaction)] string TransactionId,
    CorrectionKind Kind,
    Direction Direction,
    PublicAmount Amount,
    DateTimeOffset EffectiveAt);
