using Banking.Ledger.Domain;
using Banking.Web.Http;

namespace Banking.Ledger.Explaining;

/// <summary>What a line of the trial balance is made of, in each currency.</summary>
/// <param name="Date">Includes movements effective up to and on this day …</param>
/// <param name="KnownAt">… of those recorded by this instant; absent if the query has no such limit.</param>
/// <param name="From">The first effective day; absent for all days.</param>
public sealed record LineExplanationView(
    string Account, short Number, GlKind Kind, DateOnly Date, DateTimeOffset? KnownAt, DateOnly? From,
    IReadOnlyList<CurrencyLineView> Currencies);

/// <summary>A line of one currency. The opening and the groups of each grouping add up to it.</summary>
/// <param name="Opening">The balance before from; positive on the account's normal side, like all balances here.</param>
/// <param name="Balance">Opening plus the net of all groups of a grouping.</param>
/// <param name="Types">By type of event; absent if there are too many entries to group: ask for a shorter period.</param>
/// <param name="Customers">By account of a customer, the largest first; absent as types.</param>
/// <param name="Items">Link to the journal entries.</param>
public sealed record CurrencyLineView(
    string Currency, Amount Opening, Amount Balance, long Entries, IReadOnlyList<LineGroupView> Months,
    IReadOnlyList<LineGroupView>? Types, IReadOnlyList<LineGroupView>? Customers, string Items);

/// <summary>The journal lines of one month, type of event or customer's account.</summary>
/// <param name="Name">
/// A month such as 2026-11, of which from and the date of the line may cut a part; a type of event; an account; or others: all further
/// accounts.
/// </param>
/// <param name="Net">Positive on the account's normal side.</param>
/// <param name="Items">Link to the journal entries; absent for others.</param>
/// <param name="Explanation">Link to the explanation of the month; absent for other groups.</param>
public sealed record LineGroupView(
    string Name, Amount Debit, Amount Credit, Amount Net, long Entries, string? Items, string? Explanation = null);
