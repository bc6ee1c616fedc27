using System.ComponentModel.DataAnnotations;

namespace Banking.Accounts.Contracts.Published;

/// <summary>An amount of money in what is published.</summary>
/// <param name="Value">Decimal digits with a point, as many decimals as the currency has, never signed: "125.50", JPY "500", KWD
/// "1.234".</param>
/// <param name="Currency">ISO 4217 code.</param>
public sealed record PublicAmount([RegularExpression(Shapes.Unsigned)] string Value, [RegularExpression(Shapes.Currency)] string Currency);

/// <summary>The account exists from here on, with a balance of zero.</summary>
/// <param name="CustomerId">Whose account it is, <c>cus_…</c>: an id that says nothing to anybody but the bank.</param>
/// <param name="Product">What kind of account it is: current …</param>
/// <param name="Currency">The account's currency for ever, ISO 4217.</param>
/// <param name="OverdraftLimit">How far below zero it may go.</param>
/// <param name="EffectiveAt">When it counts.</param>
public sealed record AccountOpenedV1(
    [RegularExpression(Shapes.Customer)] string CustomerId,
    string Product,
    [RegularExpression(Shapes.Currency)] string Currency,
    PublicAmount OverdraftLimit,
    DateTimeOffset EffectiveAt);

/// <summary>Somebody besides the owner may use the account.</summary>
/// <param name="CustomerId">Who may, <c>cus_…</c>.</param>
/// <param name="EffectiveAt">When it counts.</param>
public sealed record DelegateAuthorizedV1([RegularExpression(Shapes.Customer)] string CustomerId, DateTimeOffset EffectiveAt);

/// <summary>No money moves that way until the account is unfrozen.</summary>
/// <param name="Scope">Which way: debit, credit or all.</param>
/// <param name="EffectiveAt">When it counts.</param>
public sealed record AccountFrozenV1(FreezeScope Scope, DateTimeOffset EffectiveAt);

/// <summary>Money moves that way again.</summary>
/// <param name="Scope">Which way: debit, credit or all.</param>
/// <param name="EffectiveAt">When it counts.</param>
public sealed record AccountUnfrozenV1(FreezeScope Scope, DateTimeOffset EffectiveAt);

/// <summary>From here on the account may go this far below zero.</summary>
/// <param name="Limit">The new limit.</param>
/// <param name="EffectiveAt">When it counts.</param>
public sealed record OverdraftLimitChangedV1(PublicAmount Limit, DateTimeOffset EffectiveAt);

/// <summary>Nothing can happen on the account any more.</summary>
/// <param name="EffectiveAt">When it counts.</param>
public sealed record AccountClosedV1(DateTimeOffset EffectiveAt);
