using Banking.SharedKernel;

namespace Banking.Accounts.Contracts;

/// <summary>Opens an account for a registered customer.</summary>
/// <param name="CommandId">The sender's key: the same command sent twice is done once.</param>
/// <param name="Customer">Public id of the owner, <c>cus_…</c>.</param>
/// <param name="Currency">The account's currency for ever.</param>
/// <param name="OverdraftLimit">How far below zero it may go; none when null.</param>
/// <param name="Number">A number of the sender's choice; the bank gives one when null.</param>
/// <param name="EffectiveAt">When it counts; now when null. Not on behalf of a user: the bank cannot know that they are staff.</param>
public sealed record OpenAccount(
    string CommandId, string Customer, Currency Currency, string Product, Money? OverdraftLimit = null, AccountNumber? Number = null,
    DateTimeOffset? EffectiveAt = null, string? Reason = null)
{
    /// <summary>Without its content: commands are written into logs.</summary>
    public override string ToString() => $"{nameof(OpenAccount)} {CommandId}";
}

/// <summary>Books money that came in from outside.</summary>
/// <param name="CommandId">The sender's key: the same command sent twice is done once.</param>
/// <param name="Account">Public id or account number.</param>
/// <param name="BankSide">The bank's own leg.</param>
/// <param name="EffectiveAt">When it counts; now when null, never in the future. Not on behalf of a user: the bank cannot know that they
/// are staff.</param>
public sealed record DepositMoney(
    string CommandId, string Account, Money Amount, BankSide BankSide = BankSide.Cash, DateTimeOffset? EffectiveAt = null,
    string? Reference = null, string? Reason = null)
{
    /// <summary>Without its content: commands are written into logs.</summary>
    public override string ToString() => $"{nameof(DepositMoney)} {CommandId}";
}

/// <summary>Books money that leaves to outside.</summary>
/// <param name="CommandId">The sender's key: the same command sent twice is done once.</param>
/// <param name="Account">Public id or account number.</param>
/// <param name="BankSide">The bank's own leg.</param>
/// <param name="EffectiveAt">When it counts; now when null, never in the future. Not on behalf of a user: the bank cannot know that they
/// are staff.</param>
public sealed record WithdrawMoney(
    string CommandId, string Account, Money Amount, BankSide BankSide = BankSide.Cash, DateTimeOffset? EffectiveAt = null,
    string? Reference = null, string? Reason = null)
{
    /// <summary>Without its content: commands are written into logs.</summary>
    public override string ToString() => $"{nameof(WithdrawMoney)} {CommandId}";
}

/// <summary>Moves money between two accounts of this bank, both or neither.</summary>
/// <param name="CommandId">The sender's key: the same command sent twice is done once.</param>
/// <param name="From">Public id or account number.</param>
/// <param name="To">Public id or account number.</param>
/// <param name="EffectiveAt">When it counts; now when null, never in the future. Not on behalf of a user: the bank cannot know that they
/// are staff.</param>
public sealed record TransferMoney(
    string CommandId,
    string From,
    string To,
    Money Amount,
    DateTimeOffset? EffectiveAt = null,
    string? Reference = null,
    string? Reason = null)
{
    /// <summary>Without its content: commands are written into logs.</summary>
    public override string ToString() => $"{nameof(TransferMoney)} {CommandId}";
}

/// <summary>Stops money from moving.</summary>
/// <param name="CommandId">The sender's key: the same command sent twice is done once.</param>
/// <param name="ReasonCode">Why, for programs.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record FreezeAccount(string CommandId, string Account, FreezeScope Scope, string ReasonCode, string Reason)
{
    /// <summary>Without its content: commands are written into logs.</summary>
    public override string ToString() => $"{nameof(FreezeAccount)} {CommandId}";
}

/// <summary>Lets money move again.</summary>
/// <param name="CommandId">The sender's key: the same command sent twice is done once.</param>
/// <param name="ReasonCode">Why, for programs.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record UnfreezeAccount(string CommandId, string Account, FreezeScope Scope, string ReasonCode, string Reason)
{
    /// <summary>Without its content: commands are written into logs.</summary>
    public override string ToString() => $"{nameof(UnfreezeAccount)} {CommandId}";
}

/// <summary>Sets how far below zero the account may go.</summary>
/// <param name="CommandId">The sender's key: the same command sent twice is done once.</param>
/// <param name="Limit">Decimal string in the account's currency, zero or more.</param>
/// <param name="ReasonCode">Why, for programs.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record ChangeOverdraftLimit(string CommandId, string Account, string Limit, string ReasonCode, string Reason)
{
    /// <summary>Without its content: commands are written into logs.</summary>
    public override string ToString() => $"{nameof(ChangeOverdraftLimit)} {CommandId}";
}

/// <summary>Closes an account whose balance is zero.</summary>
/// <param name="CommandId">The sender's key: the same command sent twice is done once.</param>
/// <param name="ReasonCode">Why, for programs.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record CloseAccount(string CommandId, string Account, string ReasonCode, string Reason)
{
    /// <summary>Without its content: commands are written into logs.</summary>
    public override string ToString() => $"{nameof(CloseAccount)} {CommandId}";
}
