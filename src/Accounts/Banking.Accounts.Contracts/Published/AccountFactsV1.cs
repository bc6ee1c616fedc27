using System.ComponentModel.DataAnnotations;

namespace Banking.Accounts.Contracts.Published;

/// <summary>An amount of money in a published event.</summary>
/// <param name="Value">An unsigned decimal with as many decimals as the currency has: "125.50", JPY "500", KWD "1.234".</param>
/// <param name="Currency">ISO 4217 code.</param>
public sealed record PublicAmount([RegularExpression(Shapes.Unsigned)] string Value, [RegularExpression(Shapes.Currency)] string Currency);

/// <summary>The account was opened, with a balance of zero.</summary>
/// <param name="CustomerId">The owner, <c>cus_…</c>: an id that only the bank can relate to a person.</param>
/// <param name="Product">The kind of account: current …</param>
/// <param name="Currency">The account's currency, ISO 4217; it never changes.</param>
/// <param name="OverdraftLimit">How far below zero the balance may go.</param>
/// <param name="EffectiveAt">When the event takes effect.</param>
public sealed record AccountOpenedV1(
    [RegularExpression(Shapes.Customer)] string CustomerId,
    string Product,
    [RegularExpression(Shapes.Currency)] string Currency,
    PublicAmount OverdraftLimit,
    DateTimeOffset EffectiveAt);

/// <summary>A customer other than the owner was authorized to use the account.</summary>
/// <param name="CustomerId">The authorized customer, <c>cus_…</c>.</param>
/// <param name="EffectiveAt">When the event takes effect.</param>
public sealed record DelegateAuthorizedV1([RegularExpression(Shapes.Customer)] string CustomerId, DateTimeOffset EffectiveAt);

/// <summary>The account was frozen for debits, credits or both.</summary>
/// <param name="Scope">The movements concerned: debit, credit or all.</param>
/// <param name="EffectiveAt">When the event takes effect.</param>
public sealed record AccountFrozenV1(FreezeScope Scope, DateTimeOffset EffectiveAt);

/// <summary>The freeze of the account was lifted for debits, credits or both.</summary>
/// <param name="Scope">The movements concerned: debit, credit or all.</param>
/// <param name="EffectiveAt">When the event takes effect.</param>
public sealed record AccountUnfrozenV1(FreezeScope Scope, DateTimeOffset EffectiveAt);

/// <summary>The account's overdraft limit was changed.</summary>
/// <param name="Limit">The new limit.</param>
/// <param name="EffectiveAt">When the event takes effect.</param>
public sealed record OverdraftLimitChangedV1(PublicAmount Limit, DateTimeOffset EffectiveAt);

/// <summary>The account was closed. It has no later events.</summary>
/// <param name="EffectiveAt">When the event takes effect.</param>
public sealed record AccountClosedV1(DateTimeOffset EffectiveAt);
