using System.Globalization;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.SharedKernel;
using Banking.Web.Http;

namespace Banking.Accounts.Explaining;

/// <summary>Explains balances: what they are made of, by month, kind and counterparty.</summary>
public sealed class BalanceExplanation(MonthSums months, EffectiveEvents effective, HistoricalBalances balances)
{
    /// <summary>Kinds and counterparties are in the events, which are read one by one.</summary>
    public const int MaxGrouped = 10_000;

    /// <summary>More counterparties than a person reads. The rest is one group.</summary>
    private const int MaxCounterparties = 100;

    /// <summary>The name of the group of all further counterparties.</summary>
    public const string Others = "others";

    internal async Task<ExplanationView> ReadAsync(ExplanationQuery query, CancellationToken ct)
    {
        var sums = await months.ReadAsync(query, ct);
        var total = sums.Values.Aggregate(default(GroupSums), (s, m) => s.With(m));
        var opening = query.From is null ? MoneySum.Zero(query.Account.Currency) : await OpeningAsync(query, ct);
        var movements = total.Movements > MaxGrouped ? null : await MovementsAsync(query, total.Movements, ct);
        return new(
            AccountId.Format(query.Account.Id),
            query.Known?.EffectiveAt,
            query.Known?.KnownAt,
            query.Counted.Version,
            query.From,
            query.To,
            Amount.Of(opening),
            Amount.Of(opening + new MoneySum(total.Credits - total.Debits, query.Account.Currency)),
            total.Movements,
            [.. sums.Select(m => Month(query, m.Key, m.Value))],
            movements is null ? null : Kinds(query, movements),
            movements is null ? null : Counterparties(query, movements),
            query.Movements(query.From, query.To));
    }

    private async Task<MoneySum> OpeningAsync(ExplanationQuery query, CancellationToken ct)
    {
        var before = query.Start.AddTicks(-1);
        var at = before < query.Counted.EffectiveAt ? before : query.Counted.EffectiveAt;
        return (await balances.AtAsync(query.Account, at, query.Counted.Version, ct)).Balance;
    }

    private async Task<IReadOnlyList<IMovement>> MovementsAsync(ExplanationQuery query, long expected, CancellationToken ct)
    {
        var page = await effective.ReadAsync(
            query.Account, new(query.Start, 0), query.End, query.Counted.Version, int.MaxValue, ct);
        var movements = page.Events.Select(e => e.Data).OfType<IMovement>().ToList();
        // Fewer if the account was archived meanwhile; the groups would not add up.
        return movements.Count == expected
            ? movements
            : throw new InvalidOperationException($"The account has {expected} movements by its sums, and {movements.Count} by its rows.");
    }

    private static GroupView Month(ExplanationQuery query, DateOnly month, GroupSums sums)
    {
        var next = month.AddMonths(1);
        var (from, to) = (query.From > month ? query.From : month, query.To < next ? query.To : next);
        return sums.View(month.ToString("yyyy-MM", CultureInfo.InvariantCulture), query.Account.Currency, query.Movements(from, to)) with
        {
            Explanation = query.Explanation(from, to),
        };
    }

    private static IReadOnlyList<GroupView> Kinds(ExplanationQuery query, IReadOnlyList<IMovement> movements) =>
    [
        .. Group(movements, EntryView.TypeOf).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => g.Value.View(g.Key, query.Account.Currency, query.Movements(query.From, query.To, $"&kind={g.Key}"))),
    ];

    private static IReadOnlyList<GroupView> Counterparties(ExplanationQuery query, IReadOnlyList<IMovement> movements)
    {
        var groups = Group(movements, m => Counterparty.Of(m).Key)
            .OrderByDescending(g => g.Value.Credits + g.Value.Debits).ThenBy(g => g.Key, StringComparer.Ordinal).ToList();
        var shown = groups.Take(MaxCounterparties).Select(g => g.Value.View(
            g.Key, query.Account.Currency, query.Movements(query.From, query.To, $"&counterparty={Uri.EscapeDataString(g.Key)}")));
        var rest = groups.Skip(MaxCounterparties).Aggregate(default(GroupSums), (s, g) => s.With(g.Value));
        return rest.Movements == 0
            ? [.. shown]
            : [.. shown, rest.View(Others, query.Account.Currency, null)];
    }

    private static Dictionary<string, GroupSums> Group(IEnumerable<IMovement> movements, Func<IMovement, string> name)
    {
        var groups = new Dictionary<string, GroupSums>(StringComparer.Ordinal);
        foreach (var movement in movements)
        {
            groups[name(movement)] = groups.GetValueOrDefault(name(movement)).With(movement.SignedAmount.Minor);
        }

        return groups;
    }
}
