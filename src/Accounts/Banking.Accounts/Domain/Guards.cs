using Banking.Platform;
using Banking.Platform.Commands;
using Banking.SharedKernel;

namespace Banking.Accounts.Domain;

/// <summary>The rules that movements share, always in this order: closed, frozen, currency, time, money.</summary>
internal static class Guards
{
    /// <summary>Leaves room below 64 bits, so that no sum of a balance, a limit and an amount overflows.</summary>
    public const long LargestBalance = 9_000_000_000_000_000_000;

    /// <summary>The largest amount and limit, in minor units.</summary>
    public const long LargestAmount = 100_000_000_000_000_000;

    public static Refusal? Credit(Account account, Money amount, DateTimeOffset effectiveAt, DateTimeOffset now) =>
        Movement(account, amount, effectiveAt, now, account.CreditFrozen, "credit")
        ?? (account.Balance.Minor > LargestBalance - amount.Minor
            ? Refusal.Of("balance_too_large", 422, "The balance would be larger than this bank can keep.", ("balance", Amount.Of(account.Balance)))
            : null);

    public static Refusal? Debit(Account account, Money amount, DateTimeOffset effectiveAt, DateTimeOffset now) =>
        Movement(account, amount, effectiveAt, now, account.DebitFrozen, "debit")
        ?? (account.Available < amount
            ? Refusal.Of("insufficient_funds", 422, $"{amount} was asked for and {account.Available} is available.",
                ("available", Amount.Of(account.Available)),
                ("requested", Amount.Of(amount)),
                ("balance", Amount.Of(account.Balance)),
                ("overdraftLimit", Amount.Of(account.OverdraftLimit)),
                ("version", account.Version))
            : null);

    public static Refusal? Open(Account account) => account.Status == AccountStatus.Closed
        ? Refusal.Of("account_closed", 409, "The account is closed.", ("accountId", AccountId.Format(account.Id)))
        : null;

    private static Refusal? Movement(
        Account account, Money amount, DateTimeOffset effectiveAt, DateTimeOffset now, bool frozen, string direction) => account switch
        {
            { Status: AccountStatus.Closed } => Open(account),
            _ when frozen => Refusal.Of("account_frozen", 422, $"The account is frozen for {direction}s.",
                ("accountId", AccountId.Format(account.Id)), ("direction", direction)),
            _ when amount.Currency != account.Currency => Refusal.Of("currency_mismatch", 422,
                $"The account is kept in {account.Currency}, the amount is in {amount.Currency}.",
                ("accountCurrency", account.Currency.Code), ("amountCurrency", amount.Currency.Code)),
            _ when effectiveAt > now => Refusal.Of("effective_in_future", 422,
                "effectiveAt may lie in the past, not in the future.", ("effectiveAt", effectiveAt), ("now", now)),
            _ => null,
        };
}
