using Banking.Accounts.Contracts;
using Banking.Platform;
using Banking.Platform.Commands;
using Banking.SharedKernel;

namespace Banking.Accounts.Domain;

/// <summary>The rules that movements share, always in this order: closed, frozen, currency, time, money now, money since then.</summary>
internal static class Guards
{
    /// <summary>Leaves room below 64 bits, so that no sum of a balance, a limit and an amount overflows.</summary>
    public const long LargestBalance = 9_000_000_000_000_000_000;

    /// <summary>The largest amount and limit, in minor units.</summary>
    public const long LargestAmount = 100_000_000_000_000_000;

    public static Refusal? Credit(Account account, Money amount, EffectiveTime time) =>
        Movement(account, amount, time, account.CreditFrozen, Direction.Credit)
        ?? (
            account.Balance.Minor > LargestBalance - amount.Minor
                ? Refusal.Of(
                    "balance_too_large",
                    422,
                    "The balance would be larger than this bank can keep.",
                    ("balance", Amount.Of(account.Balance)))
                : null);

    public static Refusal? Debit(Account account, Money amount, EffectiveTime time) =>
        Movement(account, amount, time, account.DebitFrozen, Direction.Debit)
        ?? (account.Available < amount
            ? Refusal.Of("insufficient_funds", 422, $"{amount} was asked for and {account.Available} is available.",
                ("available", Amount.Of(account.Available)),
                ("requested", Amount.Of(amount)),
                ("balance", Amount.Of(account.Balance)),
                ("overdraftLimit", Amount.Of(account.OverdraftLimit)),
                ("version", account.Version))
            : null)
        ?? (time.IsPast ? DebitSince(account, amount, time.At) : null);

    public static Refusal? Open(Account account) => account.Status == AccountStatus.Closed
        ? Refusal.Of("account_closed", 409, "The account is closed.", ("accountId", AccountId.Format(account.Id)))
        : null;

    private static Refusal? Movement(
        Account account, Money amount, EffectiveTime time, bool frozen, Direction direction) => account switch
        {
            { Status: AccountStatus.Closed } => Open(account),
            _ when frozen => Refusal.Of("account_frozen", 422, $"The account is frozen for {Name(direction)}s.",
                ("accountId", AccountId.Format(account.Id)), ("direction", Name(direction))),
            _ when amount.Currency != account.Currency => Refusal.Of("currency_mismatch", 422,
                $"The account is kept in {account.Currency}, the amount is in {amount.Currency}.",
                ("accountCurrency", account.Currency.Code), ("amountCurrency", amount.Currency.Code)),
            _ => time.Problem() ?? (time.IsPast ? Past(account, time, direction) : null),
        };

    private static Refusal? Past(Account account, EffectiveTime time, Direction direction) =>
        account switch
        {
            _ when time.At < account.OpenedAt => Refusal.Of(
                "effective_before_opening",
                422,
                "effectiveAt lies before the account was opened.",
                ("effectiveAt", time.At),
                ("earliest", account.OpenedAt > time.Earliest ? account.OpenedAt : time.Earliest)),
            _ when PastOf(account).WasFrozen(direction, time.At) => Refusal.Of(
                "account_frozen",
                422,
                $"The account was frozen for {Name(direction)}s then.",
                ("accountId", AccountId.Format(account.Id)),
                ("direction", Name(direction)),
                ("effectiveAt", time.At)),
            _ => null,
        };

    /// <summary>At no instant since may the account be below what it was allowed at that instant.</summary>
    private static Refusal? DebitSince(Account account, Money amount, DateTimeOffset effectiveAt)
    {
        var least = PastOf(account).LeastSince(effectiveAt, account.Balance.Minor);
        return least.Available >= amount.Minor ? null : Refusal.Of("insufficient_funds", 422,
            $"{amount} was asked for; since effectiveAt there was an instant at which less was available.",
            ("available", Shown(least.Available)),
            ("requested", Amount.Of(amount)),
            ("effectiveAt", effectiveAt),
            ("lowestAt", least.At),
            ("lowestBalance", Shown(least.Balance)),
            ("overdraftLimit", Shown(least.Limit)),
            ("version", account.Version));

        Amount Shown(Int128 minor) => Amount.OfMinor((decimal)minor, account.Currency);
    }

    private static AccountPast PastOf(Account account) =>
        account.Past ?? throw new InvalidOperationException("A backdated command is decided only with the past of its accounts.");

    private static string Name(Direction direction) => direction == Direction.Debit ? "debit" : "credit";
}
