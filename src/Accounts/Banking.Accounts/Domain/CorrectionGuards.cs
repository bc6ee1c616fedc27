using Banking.Commands.Decisions;
using Banking.Web.Http;

namespace Banking.Accounts.Domain;

/// <summary>
/// The rules for the bookings of a correction on one account, checked in this order: closed, currency, opening, frozen now, largest
/// balance, funds at each instant. They see the sum of the bookings: an amount corrected from 100 to 50 needs 50.
/// </summary>
internal static class CorrectionGuards
{
    /// <param name="allowOverdrawn">Whether the last rule is left to people: the bookings may take more than is available.</param>
    public static Refusal? Check(
        Account account, IReadOnlyList<ICorrectionEvent> bookings, DateTimeOffset now, bool allowOverdrawn = false)
    {
        var changes = Changes(bookings);
        return Guards.CheckOpen(account)
            ?? (bookings.Any(b => b.Amount.Currency != account.Currency) ? WrongCurrency(account, bookings[0]) : null)
            ?? (bookings.Any(b => b.EffectiveAt < account.OpenedAt) ? BeforeOpening(account, bookings.Min(b => b.EffectiveAt)) : null)
            ?? CheckFrozen(account, changes)
            ?? CheckLargest(account, changes)
            ?? (allowOverdrawn ? null : changes.Select(c => CheckFunds(account, c, now)).FirstOrDefault(r => r is not null));
    }

    /// <summary>
    /// By how much the bookings take the account below what it allows, at the worst instant, in minor units. A past balance may need more
    /// than 64 bits; then it is the largest number that fits.
    /// </summary>
    public static long Shortfall(Account account, IReadOnlyList<ICorrectionEvent> bookings, DateTimeOffset now) =>
        long.CreateSaturating(Changes(bookings).Where(c => c.Amount < 0).Select(c => -c.Amount - Lowest(account, c, now).Available)
            .Append(0).Max());

    /// <summary>By how much the correction changes the balance, from each effective time of a booking until the next.</summary>
    private static List<Change> Changes(IReadOnlyList<ICorrectionEvent> bookings)
    {
        var changes = new List<Change>();
        Int128 sum = 0;
        foreach (var instant in bookings.GroupBy(b => b.EffectiveAt).OrderBy(g => g.Key))
        {
            if (changes.Count > 0)
            {
                changes[^1] = changes[^1] with { Until = instant.Key };
            }

            foreach (var booking in instant)
            {
                sum += booking.SignedAmount.Minor;
            }

            changes.Add(new(instant.Key, null, sum));
        }

        return changes;
    }

    private static Refusal? CheckFrozen(Account account, List<Change> changes) =>
        account.DebitFrozen && changes.Any(c => c.Amount < 0) ? Frozen(account, "debit")
        : account.CreditFrozen && changes.Any(c => c.Amount > 0) ? Frozen(account, "credit")
        : null;

    /// <summary>A correction that may overdraw an account could also take its balance too far below zero.</summary>
    private static Refusal? CheckLargest(Account account, List<Change> changes)
    {
        var (change, balance) = (changes[^1].Amount, account.Balance.Minor + changes[^1].Amount);
        return (change > 0 && balance > Guards.MaxBalance) || (change < 0 && balance < -Guards.MaxBalance)
            ? Refusal.RuleBroken(
                "balance_too_large",
                "The balance would exceed the largest balance of this bank.",
                ("accountId", AccountId.Format(account.Id)),
                ("balance", Amount.Of(account.Balance)))
            : null;
    }

    /// <summary>Refuses a change that would leave less than nothing available at an instant at which it lowers the balance.</summary>
    private static Refusal? CheckFunds(Account account, Change change, DateTimeOffset now)
    {
        if (change.Amount >= 0)
        {
            return null;
        }

        var lowest = Lowest(account, change, now);
        return lowest.Available >= -change.Amount ? null : Refusal.RuleBroken(
            "insufficient_funds",
            "The correction lowers the balance by more than was available at some instant.",
            ("accountId", AccountId.Format(account.Id)),
            ("available", Shown(lowest.Available)),
            ("requested", Shown(-change.Amount)),
            ("effectiveAt", change.From),
            ("lowestAt", lowest.At),
            ("lowestBalance", Shown(lowest.Balance)),
            ("overdraftLimit", Shown(lowest.Limit)),
            ("version", account.Version));

        Amount Shown(Int128 minor) => Amount.OfMinor((decimal)minor, account.Currency);
    }

    private static LowestAvailable Lowest(Account account, Change change, DateTimeOffset now) => change.From >= now
        ? new(now, account.Balance.Minor, account.OverdraftLimit.Minor)
        : Guards.TimelineOf(account).LowestAvailableSince(change.From, account.Balance.Minor, change.Until);

    private static Refusal Frozen(Account account, string direction) => Refusal.RuleBroken(
        "account_frozen", $"The account is frozen for {direction}s.",
        ("accountId", AccountId.Format(account.Id)), ("direction", direction));

    private static Refusal WrongCurrency(Account account, ICorrectionEvent booking) => Refusal.RuleBroken(
        "currency_mismatch", $"The account's currency is {account.Currency}, the amount is in {booking.Amount.Currency}.",
        ("accountId", AccountId.Format(account.Id)), ("accountCurrency", account.Currency.Code),
        ("amountCurrency", booking.Amount.Currency.Code));

    private static Refusal BeforeOpening(Account account, DateTimeOffset at) => Refusal.RuleBroken(
        "effective_before_opening", "The booking would take effect before the opening of the account.",
        ("accountId", AccountId.Format(account.Id)), ("effectiveAt", at), ("earliest", account.OpenedAt));

    /// <param name="Until">The instant of the next change; null for the last one.</param>
    /// <param name="Amount">The change of the balance in that time, in minor units.</param>
    private readonly record struct Change(DateTimeOffset From, DateTimeOffset? Until, Int128 Amount);
}
