using System.Data;
using System.Globalization;
using Banking.Ledger.ReadModels;
using Banking.SharedKernel;
using Banking.Web.Http;
using Marten;
using Npgsql;

namespace Banking.Ledger.Explaining;

/// <summary>Explains lines of the trial balance: what they are made of, by month, type of event and customer's account.</summary>
public sealed class LineExplanation(NpgsqlDataSource source, IDocumentStore store, LedgerModel model)
{
    /// <summary>More entries take too long to group.</summary>
    public const int MaxGrouped = 100_000;

    /// <summary>More accounts than a person reads. The rest is one group.</summary>
    private const int MaxCustomers = 100;

    /// <summary>The name of the group of all further accounts.</summary>
    public const string Others = "others";

    internal async Task<LineExplanationView> ReadAsync(LineQuery query, CancellationToken ct)
    {
        // One snapshot, so that all groupings have the same entries.
        await using var snapshot = await source.OpenConnectionAsync(ct);
        await using var transaction = await snapshot.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        // The months of the whole line: those before the period are its opening.
        var all = await LineGroups.MonthsAsync(snapshot, model.ChunkPositions, query with { From = null }, ct);
        var months = query.From is null ? all : await LineGroups.MonthsAsync(snapshot, model.ChunkPositions, query, ct);
        var isGrouped = months.Sum(m => m.Entries) <= MaxGrouped;
        var types = (isGrouped ? await LineGroups.TypesAsync(snapshot, store, query, ct) : []).ToLookup(g => g.Currency);
        var customers = (isGrouped ? await LineGroups.CustomersAsync(snapshot, query, ct) : []).ToLookup(g => g.Currency);
        return new(
            query.Account.Name, query.Account.Code, query.Account.Kind, query.AsOf.Date, query.AsOf.KnownAt, query.From,
            [
                .. all.GroupBy(m => m.Currency).Select(c => Currency(
                    query, c.Key, Net(c), [.. months.Where(m => m.Currency == c.Key)],
                    isGrouped ? [.. types[c.Key]] : null, isGrouped ? [.. customers[c.Key]] : null)),
            ]);
    }

    private static CurrencyLineView Currency(
        LineQuery query, Currency currency, decimal net, IReadOnlyList<LineGroup> months, IReadOnlyList<LineGroup>? types,
        IReadOnlyList<LineGroup>? customers) => new(
        currency.Code,
        query.Balance(net - Net(months), currency),
        query.Balance(net, currency),
        months.Sum(m => m.Entries),
        [.. months.Select(m => Month(query, m))],
        types is null ? null : [.. types.Select(t => Filtered(query, t, t.Name, $"&type={Uri.EscapeDataString(t.Name)}"))],
        customers is null ? null : Customers(query, customers),
        query.Entries(currency.Code, query.From, null));

    private static IReadOnlyList<LineGroupView> Customers(LineQuery query, IReadOnlyList<LineGroup> customers)
    {
        var shown = customers.Take(MaxCustomers).Select(c => Filtered(query, c, $"acc_{c.Name}", $"&accountId=acc_{c.Name}"));
        var rest = customers.Skip(MaxCustomers).ToList();
        return rest.Count == 0
            ? [.. shown]
            :
            [
                .. shown,
                View(
                    query, new(Others, rest[0].Currency, rest.Sum(r => r.Debits), rest.Sum(r => r.Credits), rest.Sum(r => r.Entries)),
                    Others, null),
            ];
    }

    private static LineGroupView Month(LineQuery query, LineGroup month)
    {
        var first = DateOnly.ParseExact(month.Name + "-01", "yyyy-MM-dd", CultureInfo.InvariantCulture);
        var last = first.AddDays(DateTime.DaysInMonth(first.Year, first.Month) - 1);
        var (from, to) = (query.From > first ? query.From.Value : first, query.AsOf.Date < last ? query.AsOf.Date : last);
        var currency = month.Currency.Code;
        return View(
            query, month, month.Name, query.Entries(currency, from, to == DateOnly.MaxValue ? null : to.AddDays(1))) with
        {
            Explanation = query.Explanation(currency, from, to),
        };
    }

    private static LineGroupView Filtered(LineQuery query, LineGroup group, string name, string filter) =>
        View(query, group, name, query.Entries(group.Currency.Code, query.From, null, filter));

    private static LineGroupView View(LineQuery query, LineGroup group, string name, string? items) => new(
        name,
        Amount.OfMinor(group.Debits, group.Currency),
        Amount.OfMinor(group.Credits, group.Currency),
        query.Balance(group.Debits - group.Credits, group.Currency),
        group.Entries,
        items);

    private static decimal Net(IEnumerable<LineGroup> groups) => groups.Sum(g => g.Debits - g.Credits);
}
