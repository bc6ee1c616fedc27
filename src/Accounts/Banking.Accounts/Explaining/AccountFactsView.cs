using Banking.Accounts.Domain;
using Banking.SharedKernel;
using Banking.Web.Http;

namespace Banking.Accounts.Explaining;

/// <summary>Members of an account that events change. In a change it has only the members that differ.</summary>
/// <param name="CustomerId">The owner.</param>
/// <param name="Delegates">Other customers who may use the account.</param>
public sealed record AccountFactsView(
    Amount? Balance, Amount? Available, Amount? OverdraftLimit, AccountStatus? Status, Views.FrozenView? Frozen, string? CustomerId,
    IReadOnlyList<string>? Delegates, string? Number, string? Product, DateTimeOffset? OpenedAt);

/// <summary>An account between two events.</summary>
/// <param name="State">Everything but the balance; null before the opening.</param>
internal readonly record struct AccountFacts(Account? State, MoneySum Balance)
{
    /// <summary>Null before the opening.</summary>
    public AccountFactsView? View() => State is null ? null : Full();

    /// <summary>The members that differ, before and after; nulls where there was no account.</summary>
    public static (AccountFactsView? Before, AccountFactsView? After) Compare(AccountFacts before, AccountFacts after)
    {
        var (left, right) = (before.Full(), after.Full());
        return (Differing(left, right), Differing(right, left));
    }

    private AccountFactsView Full() => State is { } state
        ? new(
            Amount.Of(Balance),
            Amount.Of(Balance + state.OverdraftLimit),
            Amount.Of(state.OverdraftLimit),
            state.Status,
            new(state.DebitFrozen, state.CreditFrozen),
            PublicId.Format("cus", state.Owner),
            [.. state.Delegates.Select(d => PublicId.Format("cus", d))],
            state.Number.Value,
            state.Product,
            state.OpenedAt)
        : new(Balance.Minor == 0 ? null : Amount.Of(Balance), null, null, null, null, null, null, null, null, null);

    private static AccountFactsView? Differing(AccountFactsView of, AccountFactsView from)
    {
        var differing = new AccountFactsView(
            of.Balance == from.Balance ? null : of.Balance,
            of.Available == from.Available ? null : of.Available,
            of.OverdraftLimit == from.OverdraftLimit ? null : of.OverdraftLimit,
            of.Status == from.Status ? null : of.Status,
            of.Frozen == from.Frozen ? null : of.Frozen,
            of.CustomerId == from.CustomerId ? null : of.CustomerId,
            of.Delegates is { } ids && from.Delegates is { } others && ids.SequenceEqual(others) ? null : of.Delegates,
            of.Number == from.Number ? null : of.Number,
            of.Product == from.Product ? null : of.Product,
            of.OpenedAt == from.OpenedAt ? null : of.OpenedAt);
        return differing == Nothing ? null : differing;
    }

    private static readonly AccountFactsView Nothing = new(null, null, null, null, null, null, null, null, null, null);
}
