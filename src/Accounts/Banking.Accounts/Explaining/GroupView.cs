using Banking.SharedKernel;
using Banking.Web.Http;

namespace Banking.Accounts.Explaining;

/// <summary>The movements of one month, kind or counterparty.</summary>
/// <param name="Name">
/// A month such as 2026-11, of which from, to and the moment of the balance may cut a part; a type of entry; a counterparty; or others: all
/// further counterparties.
/// </param>
/// <param name="Net">Credits less debits. The sum over all groups and the opening is the balance.</param>
/// <param name="Items">Link to the movements; absent for others.</param>
/// <param name="Explanation">Link to the explanation of the month; absent for other groups.</param>
public sealed record GroupView(
    string Name, Amount Credits, Amount Debits, Amount Net, long Movements, string? Items, string? Explanation = null);

/// <summary>What a balance is made of, in three groupings, each of which with the opening adds up to it.</summary>
/// <param name="EffectiveAt">The balance includes what took effect by this instant; absent for a version.</param>
/// <param name="KnownAt">… of what the bank had recorded by this one; absent for a version.</param>
/// <param name="Version">The version of the account up to which its events count.</param>
/// <param name="From">The first effective day; absent for all days.</param>
/// <param name="To">The day after the last effective day.</param>
/// <param name="Opening">The balance before the period: zero without from.</param>
/// <param name="Balance">The balance after the period: opening plus the net of all groups of a grouping.</param>
/// <param name="Kinds">By type of entry; absent if there are too many movements to group: ask for a month.</param>
/// <param name="Counterparties">By other account, other bank or own side of the bank, the largest first; absent as kinds.</param>
/// <param name="Items">Link to all movements.</param>
public sealed record ExplanationView(
    string AccountId, DateTimeOffset? EffectiveAt, DateTimeOffset? KnownAt, long Version, DateOnly? From, DateOnly? To, Amount Opening,
    Amount Balance, long Movements, IReadOnlyList<GroupView> Months, IReadOnlyList<GroupView>? Kinds,
    IReadOnlyList<GroupView>? Counterparties, string Items);

/// <summary>The sums of a group, in minor units.</summary>
internal readonly record struct GroupSums(Int128 Credits, Int128 Debits, long Movements)
{
    public GroupSums With(long signed) => signed < 0
        ? new(Credits, checked(Debits - signed), Movements + 1)
        : new(checked(Credits + signed), Debits, Movements + 1);

    public GroupSums With(GroupSums other) =>
        new(checked(Credits + other.Credits), checked(Debits + other.Debits), Movements + other.Movements);

    public GroupView View(string name, Currency currency, string? items) => new(
        name, Amount.Of(new MoneySum(Credits, currency)), Amount.Of(new MoneySum(Debits, currency)),
        Amount.Of(new MoneySum(Credits - Debits, currency)), Movements, items);
}
