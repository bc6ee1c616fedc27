using System.ComponentModel.DataAnnotations;

namespace Banking.Accounts.Contracts.Published;

/// <summary>Money came in from outside the bank's accounts: the balance rises.</summary>
/// <param name="DepositId">The deposit, <c>dep_…</c>.</param>
/// <param name="Amount">How much.</param>
/// <param name="BankSide">The bank's own leg: cash, settlement, interest, fees or suspense.</param>
/// <param name="EffectiveAt">When it counts.</param>
public sealed record MoneyDepositedV1(
    [RegularExpression(Shapes.Deposit)] string DepositId, PublicAmount Amount, BankSide BankSide, DateTimeOffset EffectiveAt);

/// <summary>Money left to outside the bank's accounts: the balance falls.</summary>
/// <param name="WithdrawalId">The withdrawal, <c>wdr_…</c>.</param>
/// <param name="Amount">How much.</param>
/// <param name="BankSide">The bank's own leg: cash, settlement, interest, fees or suspense.</param>
/// <param name="EffectiveAt">When it counts.</param>
public sealed record MoneyWithdrawnV1(
    [RegularExpression(Shapes.Withdrawal)] string WithdrawalId, PublicAmount Amount, BankSide BankSide, DateTimeOffset EffectiveAt);

/// <summary>
/// A transfer was completed, seen from the account that paid: the balance falls. The other half happened in the same instant.
/// </summary>
/// <param name="TransferId">The transfer, <c>trf_…</c>, the same in both halves.</param>
/// <param name="ToAccountId">The account that was paid, <c>acc_…</c>.</param>
/// <param name="Amount">How much.</param>
/// <param name="EffectiveAt">When it counts.</param>
public sealed record TransferSentV1(
    [RegularExpression(Shapes.Transfer)] string TransferId,
    [RegularExpression(Shapes.Account)] string ToAccountId,
    PublicAmount Amount,
    DateTimeOffset EffectiveAt);

/// <summary>
/// A transfer was completed, seen from the account that was paid: the balance rises. The other half happened in the same instant.
/// </summary>
/// <param name="TransferId">The transfer, <c>trf_…</c>, the same in both halves.</param>
/// <param name="FromAccountId">The account that paid, <c>acc_…</c>.</param>
/// <param name="Amount">How much.</param>
/// <param name="EffectiveAt">When it counts.</param>
public sealed record TransferReceivedV1(
    [RegularExpression(Shapes.Transfer)] string TransferId,
    [RegularExpression(Shapes.Account)] string FromAccountId,
    PublicAmount Amount,
    DateTimeOffset EffectiveAt);

/// <summary>
/// A transfer was refused by a rule, told of the account that would have paid. Nothing has moved, so it has no place among the account's
/// versions; what the decision saw is not told.
/// </summary>
/// <param name="RefusalId">The refusal, <c>ref_…</c>, under which the bank keeps what the decision saw.</param>
/// <param name="Code">Which rule said no, for programs: insufficient_funds, account_frozen, payee_account_closed …</param>
/// <param name="EffectiveAt">When it was refused.</param>
public sealed record TransferRefusedV1([RegularExpression(Shapes.Refusal)] string RefusalId, string Code, DateTimeOffset EffectiveAt);

/// <summary>An earlier event was wrong by this much; this one puts the balance right.</summary>
/// <param name="Corrects">The event that was wrong, <c>evt_…</c>.</param>
/// <param name="Class">Why, for programs: rounding …</param>
/// <param name="Direction">credit raises the balance, debit lowers it.</param>
/// <param name="Amount">By how much.</param>
/// <param name="EffectiveAt">When it counts.</param>
public sealed record CorrectionBookedV1(
    [RegularExpression(Shapes.Event)] string Corrects, string Class, Direction Direction, PublicAmount Amount, DateTimeOffset EffectiveAt);
