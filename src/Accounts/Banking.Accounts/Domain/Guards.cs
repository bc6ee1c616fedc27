using Banking.Accounts.Contracts;
using Banking.Commands.Decisions;
using Banking.SharedKernel;
using Banking.Web.Http;

namespace Banking.Accounts.Domain;

/// <summary>
/// The rules that all movements share, checked in this order: closed, frozen, currency, effective time, funds now, funds since the
/// effective time.
/// </summary>
internal static class Guards
{
    /// <summary>The largest balance, in minor units. A balance plus a limit plus an amount stays below 64 bits.</summary>
    public const long MaxBalance = 9_000_000_000_000_000_000;

    /// <summary>The largest amount and limit, in minor units.</summary>
    public const long MaxAmount = 100_000_000_000_000_000;

    public static Refusal? CheckCredit(Account account, Money amount, EffectiveTime time) =>
        CheckMovement(account, amount, time, account.CreditFrozen, Direction.Credit)
        ?? (
            account.Balance.Minor > MaxBalance - amount.Minor
                ? Refusal.RuleBroken(
                    "balance_too_large",
                    "The balance would exceed the largest balance of this bank.",
                    ("balance", Amount.Of(account.Balance)))
                : null);

    public static Refusal? CheckDebit(Account account, Money amount, EffectiveTime time) =>
        CheckMovement(account, amount, time, account.DebitFrozen, Direction.Debit)
        ?? (account.Available < amount
            ? Refusal.RuleBroken("insufficient_funds", $"{amount} was requested, {account.Available} is available.",
                ("available", Amount.Of(account.Available)),
                ("requested", Amount.Of(amount)),
                ("balance", Amount.Of(account.Balance)),
                ("overdraftLimit", Amount.Of(account.OverdraftLimit)),
                ("version", account.Version))
            : null)
        ?? (time.IsPast ? CheckFundsSince(account, amount, time.At) : null);

    public static Refusal? CheckOpen(Account account) => account.Status == AccountStatus.Closed
        ? Refusal.Conflict("account_closed", "The account is closed.", ("accountId", AccountId.Format(account.Id)))
        : null;

    private static Refusal? CheckMovement(
        Account account, Money amount, EffectiveTime time, bool frozen, Direction direction) => account switch
        {
            { Status: AccountStatus.Closed } => CheckOpen(account),
            _ when frozen => Refusal.RuleBroken("account_frozen", $"The account is frozen for {Name(direction)}s.",
                ("accountId", AccountId.Format(account.Id)), ("direction", Name(direction))),
            _ when amount.Currency != account.Currency => Refusal.RuleBroken("currency_mismatch",
                $"The account's currency is {account.Currency}, the amount is in {amount.Currency}.",
                ("accountCurrency", account.Currency.Code), ("amountCurrency", amount.Currency.Code)),
            _ => time.Check() ?? (time.IsPast ? CheckPast(account, time, direction) : null),
        };

    private static Refusal? CheckPast(Account account, EffectiveTime time, Direction direction) =>
        account switch
        {
            _ when time.At < account.OpenedAt => Refusal.RuleBroken(
                "effective_before_opening",
                "effectiveAt is before the opening of the account.",
                ("effectiveAt", time.At),
                ("earliest", account.OpenedAt > time.Earliest ? account.OpenedAt : time.Earliest)),
            _ when TimelineOf(account).WasFrozen(direction, time.At) => Refusal.RuleBroken(
                "account_frozen",
                $"The account was frozen for {Name(direction)}s at effectiveAt.",
                ("accountId", AccountId.Format(account.Id)),
                ("direction", Name(direction)),
                ("effectiveAt", time.At)),
            _ => null,
        };

    /// <summary>Refuses a debit that would exceed the funds available at any instant since its effective time.</summary>
    private static Refusal? CheckFundsSince(Account account, Money amount, DateTimeOffset effectiveAt)
    {
        var lowest = TimelineOf(account).LowestAvailableSince(effectiveAt, account.Balance.Minor);
        return lowest.Available >= amount.Minor ? null : Refusal.RuleBroken("insufficient_funds",
            $"{amount} was requested; less was available at some instant since effectiveAt.",
            ("available", Shown(lowest.Available)),
            ("requested", Amount.Of(amount)),
            ("effectiveAt", effectiveAt),
            ("lowestAt", lowest.At),
            ("lowestBalance", Shown(lowest.Balance)),
            ("overdraftLimit", Shown(lowest.Limit)),
            ("version", account.Version));

        Amount Shown(Int128 minor) => Amount.OfMinor((decimal)minor, account.Currency);
    }

    internal static AccountTimeline TimelineOf(Account account) =>
        account.Timeline
        ?? throw new InvalidOperationException("A backdated command or a correction needs the timelines of its accounts.");

    private static string Name(Direction direction) => direction == Direction.Debit ? "debit" : "credit";
}
