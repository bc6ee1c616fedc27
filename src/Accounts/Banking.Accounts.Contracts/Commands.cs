using System.Text.Json.Serialization;
using Banking.SharedKernel;

namespace Banking.Accounts.Contracts;

// Members that were added later are not written while they are null: a command that was sent before has the same fingerprint.

/// <summary>Opens an account for a registered customer.</summary>
/// <param name="CommandId">The sender's idempotency key: a command sent twice is executed once.</param>
/// <param name="Customer">Public id of the owner, <c>cus_…</c>.</param>
/// <param name="Currency">The account's currency, ISO 4217; it never changes.</param>
/// <param name="Product">The kind of account: current …</param>
/// <param name="OverdraftLimit">How far below zero the balance may go; zero if null.</param>
/// <param name="Number">An account number chosen by the sender; the bank assigns one if null.</param>
/// <param name="EffectiveAt">When the command takes effect; now if null. Not allowed on behalf of a user, because the bank cannot know
/// whether the user is staff.</param>
/// <param name="Reason">The reason in words.</param>
public sealed record OpenAccount(
    string CommandId, string Customer, Currency Currency, string Product, Money? OverdraftLimit = null, AccountNumber? Number = null,
    DateTimeOffset? EffectiveAt = null, string? Reason = null)
{
    /// <summary>Without the content, because commands are logged.</summary>
    public override string ToString() => $"{nameof(OpenAccount)} {CommandId}";
}

/// <summary>Books money that came in from outside the bank.</summary>
/// <param name="CommandId">The sender's idempotency key: a command sent twice is executed once.</param>
/// <param name="Account">Public id or account number.</param>
/// <param name="Amount">The amount, above zero.</param>
/// <param name="BankSide">The bank's own leg: cash, settlement, interest, fees or suspense.</param>
/// <param name="EffectiveAt">When the command takes effect; now if null, never in the future. Not allowed on behalf of a user, because the
/// bank cannot know whether the user is staff.</param>
/// <param name="Reference">The customer's own reference.</param>
/// <param name="Reason">The reason in words, 1 to 140 characters. Required, except to repeat a command that was sent before it was
/// required.</param>
/// <param name="PurposeCode">What the money is for: a purpose code of ISO 20022, one to four capital letters and digits.</param>
/// <param name="EndToEndId">The payer's id of the payment, at most 35 characters, passed on unchanged.</param>
/// <param name="Counterparty">The other party, at another bank.</param>
public sealed record DepositMoney(
    string CommandId, string Account, Money Amount, BankSide BankSide = BankSide.Cash, DateTimeOffset? EffectiveAt = null,
    string? Reference = null, string? Reason = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? PurposeCode = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? EndToEndId = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Counterparty? Counterparty = null)
{
    /// <summary>Without the content, because commands are logged.</summary>
    public override string ToString() => $"{nameof(DepositMoney)} {CommandId}";
}

/// <summary>Books money that leaves the bank.</summary>
/// <param name="CommandId">The sender's idempotency key: a command sent twice is executed once.</param>
/// <param name="Account">Public id or account number.</param>
/// <param name="Amount">The amount, above zero.</param>
/// <param name="BankSide">The bank's own leg: cash, settlement, interest, fees or suspense.</param>
/// <param name="EffectiveAt">When the command takes effect; now if null, never in the future. Not allowed on behalf of a user, because the
/// bank cannot know whether the user is staff.</param>
/// <param name="Reference">The customer's own reference.</param>
/// <param name="Reason">The reason in words, 1 to 140 characters. Required, except to repeat a command that was sent before it was
/// required.</param>
/// <param name="PurposeCode">What the money is for: a purpose code of ISO 20022, one to four capital letters and digits.</param>
/// <param name="EndToEndId">The payer's id of the payment, at most 35 characters, passed on unchanged.</param>
/// <param name="Counterparty">The other party, at another bank.</param>
public sealed record WithdrawMoney(
    string CommandId, string Account, Money Amount, BankSide BankSide = BankSide.Cash, DateTimeOffset? EffectiveAt = null,
    string? Reference = null, string? Reason = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? PurposeCode = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? EndToEndId = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Counterparty? Counterparty = null)
{
    /// <summary>Without the content, because commands are logged.</summary>
    public override string ToString() => $"{nameof(WithdrawMoney)} {CommandId}";
}

/// <summary>Moves money between two accounts of this bank. Both accounts are booked, or neither.</summary>
/// <param name="CommandId">The sender's idempotency key: a command sent twice is executed once.</param>
/// <param name="From">Public id or account number of the payer's account.</param>
/// <param name="To">Public id or account number of the payee's account.</param>
/// <param name="Amount">The amount, above zero.</param>
/// <param name="EffectiveAt">When the command takes effect; now if null, never in the future. Not allowed on behalf of a user, because the
/// bank cannot know whether the user is staff.</param>
/// <param name="Reference">The payer's own reference; the payee sees it.</param>
/// <param name="Reason">The reason in words, 1 to 140 characters. Required, except to repeat a command that was sent before it was
/// required.</param>
/// <param name="PurposeCode">What the money is for: a purpose code of ISO 20022, one to four capital letters and digits.</param>
/// <param name="EndToEndId">The payer's id of the payment, at most 35 characters, passed on unchanged.</param>
public sealed record TransferMoney(
    string CommandId,
    string From,
    string To,
    Money Amount,
    DateTimeOffset? EffectiveAt = null,
    string? Reference = null,
    string? Reason = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? PurposeCode = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? EndToEndId = null)
{
    /// <summary>Without the content, because commands are logged.</summary>
    public override string ToString() => $"{nameof(TransferMoney)} {CommandId}";
}

/// <summary>Freezes an account for debits, credits or both.</summary>
/// <param name="CommandId">The sender's idempotency key: a command sent twice is executed once.</param>
/// <param name="Account">Public id or account number.</param>
/// <param name="Scope">The movements concerned: debit, credit or all.</param>
/// <param name="ReasonCode">The reason as a code for programs: lower-case letters, digits, - and _.</param>
/// <param name="Reason">The reason in words.</param>
public sealed record FreezeAccount(string CommandId, string Account, FreezeScope Scope, string ReasonCode, string Reason)
{
    /// <summary>Without the content, because commands are logged.</summary>
    public override string ToString() => $"{nameof(FreezeAccount)} {CommandId}";
}

/// <summary>Lifts a freeze for debits, credits or both.</summary>
/// <param name="CommandId">The sender's idempotency key: a command sent twice is executed once.</param>
/// <param name="Account">Public id or account number.</param>
/// <param name="Scope">The movements concerned: debit, credit or all.</param>
/// <param name="ReasonCode">The reason as a code for programs: lower-case letters, digits, - and _.</param>
/// <param name="Reason">The reason in words.</param>
public sealed record UnfreezeAccount(string CommandId, string Account, FreezeScope Scope, string ReasonCode, string Reason)
{
    /// <summary>Without the content, because commands are logged.</summary>
    public override string ToString() => $"{nameof(UnfreezeAccount)} {CommandId}";
}

/// <summary>Sets the account's overdraft limit.</summary>
/// <param name="CommandId">The sender's idempotency key: a command sent twice is executed once.</param>
/// <param name="Account">Public id or account number.</param>
/// <param name="Limit">Decimal string in the account's currency, zero or more.</param>
/// <param name="ReasonCode">The reason as a code for programs: lower-case letters, digits, - and _.</param>
/// <param name="Reason">The reason in words.</param>
public sealed record ChangeOverdraftLimit(string CommandId, string Account, string Limit, string ReasonCode, string Reason)
{
    /// <summary>Without the content, because commands are logged.</summary>
    public override string ToString() => $"{nameof(ChangeOverdraftLimit)} {CommandId}";
}

/// <summary>Closes an account whose balance is zero.</summary>
/// <param name="CommandId">The sender's idempotency key: a command sent twice is executed once.</param>
/// <param name="Account">Public id or account number.</param>
/// <param name="ReasonCode">The reason as a code for programs: lower-case letters, digits, - and _.</param>
/// <param name="Reason">The reason in words.</param>
public sealed record CloseAccount(string CommandId, string Account, string ReasonCode, string Reason)
{
    /// <summary>Without the content, because commands are logged.</summary>
    public override string ToString() => $"{nameof(CloseAccount)} {CommandId}";
}

/// <summary>Corrects a deposit, withdrawal, transfer or correction. Nothing that was booked is changed: the opposite is booked, and what is
/// right. Each kind has members of its own and takes no others.</summary>
/// <param name="CommandId">The sender's idempotency key: a command sent twice is executed once.</param>
/// <param name="Transaction">Public id of the transaction.</param>
/// <param name="Kind">What was wrong.</param>
/// <param name="ReasonCode">The reason as a code for programs: lower-case letters, digits, - and _.</param>
/// <param name="Reason">The reason in words, 1 to 140 characters.</param>
/// <param name="Effective">When the bookings take effect: as the original did, or now.</param>
/// <param name="Amount">The right amount; for kind amount.</param>
/// <param name="Account">Public id or number of the right account of a deposit or withdrawal; for kind account.</param>
/// <param name="From">Public id or number of the right payer's account of a transfer; for kind account.</param>
/// <param name="To">Public id or number of the right payee's account of a transfer; for kind account.</param>
/// <param name="EffectiveAt">The right effective time; for kind effective-date.</param>
/// <param name="AllowOverdrawn">true: the correction may take an account below what it allows, if it was approved.</param>
public sealed record CorrectTransaction(
    string CommandId, string Transaction, CorrectionKind Kind, string ReasonCode, string? Reason,
    CorrectionTime Effective = CorrectionTime.Original, Money? Amount = null, string? Account = null, string? From = null,
    string? To = null, DateTimeOffset? EffectiveAt = null, bool? AllowOverdrawn = null)
{
    /// <summary>Without the content, because commands are logged.</summary>
    public override string ToString() => $"{nameof(CorrectTransaction)} {CommandId}";
}

/// <summary>Issues a statement of a period that has ended, or a restatement if its entries have changed since.</summary>
/// <param name="CommandId">The sender's idempotency key: a command sent twice is executed once.</param>
/// <param name="Account">Public id or account number.</param>
/// <param name="From">The first day of the period, in UTC.</param>
/// <param name="To">The day after the last day of the period.</param>
public sealed record IssueStatement(string CommandId, string Account, DateOnly From, DateOnly To)
{
    /// <summary>Without the content, because commands are logged.</summary>
    public override string ToString() => $"{nameof(IssueStatement)} {CommandId}";
}
