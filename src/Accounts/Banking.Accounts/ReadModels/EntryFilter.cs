using Banking.Accounts.Domain;
using Banking.SharedKernel;
using Banking.Web.Http;

namespace Banking.Accounts.ReadModels;

/// <summary>The entries that a list shows, by what the rows of the book say.</summary>
public sealed record EntryFilter
{
    private const string EffectiveInstant = "(e.effective_at, e.effective_tick)";

    /// <summary>The smallest amount, of credits and debits; in <see cref="Currency"/>.</summary>
    public Money? Minimum { get; init; }

    /// <summary>The largest amount, in <see cref="Currency"/>.</summary>
    public Money? Maximum { get; init; }

    public Currency? Currency { get; init; }

    public Interval Effective { get; init; }

    public Interval Recorded { get; init; }

    /// <summary>A correlation id. The rows have only its hash, so the events must be compared too.</summary>
    public string? Correlation { get; init; }

    /// <summary>The kinds of rows of a list of transactions; null for all movements.</summary>
    internal IReadOnlyList<EntryKind>? Kinds { get; init; }

    internal bool IsOfOneKind => Kinds is { Count: 1 };

    /// <summary>When the first of these entries may have been recorded: none takes effect after that, apart from the tolerance.</summary>
    internal DateTimeOffset? RecordedFrom =>
        Effective.From - EffectiveTime.Tolerance is { } from && !(from < Recorded.From) ? from : Recorded.From;

    /// <summary>The conditions on a row e that an index of the whole bank has.</summary>
    /// <param name="add">Adds a value and returns its parameter.</param>
    internal IEnumerable<string> InIndex(Func<object, string> add, bool byRecordedTime)
    {
        var clauses = new Clauses(add);
        if (byRecordedTime)
        {
            clauses.Add(Kind);
            clauses.Add("e.recorded_at >=", RecordedFrom?.UtcDateTime);
            clauses.Add("e.recorded_at <", Recorded.To?.UtcDateTime);
            clauses.Add("e.correlation =", Correlation is null ? null : EntryRow.HashOf(Correlation));
        }
        else if (Minimum is not null || Maximum is not null)
        {
            clauses.Add("e.movement");
            AddAmounts(clauses);
        }

        return clauses;
    }

    /// <summary>All conditions on a row e.</summary>
    /// <param name="add">Adds a value and returns its parameter.</param>
    internal IEnumerable<string> Conditions(Func<object, string> add)
    {
        var clauses = new Clauses(add) { "e.movement", Kind };
        AddAmounts(clauses);
        clauses.Add("e.currency =", Currency?.Code);
        // A currency may have had another number of decimals in the past.
        clauses.Add("e.scale =", Minimum is null && Maximum is null ? null : (short)Currency!.Value.Scale);
        clauses.Add(Effective.From is { } from ? $"{EffectiveInstant} >= {Bound(from, add)}" : null);
        clauses.Add(Effective.To is { } to ? $"{EffectiveInstant} < {Bound(to, add)}" : null);
        clauses.Add("e.recorded_at >=", Recorded.From?.UtcDateTime);
        clauses.Add("e.recorded_at <", Recorded.To?.UtcDateTime);
        clauses.Add("e.correlation =", Correlation is null ? null : EntryRow.HashOf(Correlation));
        return clauses;
    }

    private string? Kind => Kinds is null ? null : $"e.kind in ({string.Join(", ", Kinds.Select(k => (short)k))})";

    private static string Bound(DateTimeOffset instant, Func<object, string> add) =>
        $"({add(EntryRow.MicrosecondOf(instant))}, {add(EntryRow.TickOf(instant))})";

    private void AddAmounts(Clauses clauses)
    {
        clauses.Add("abs(e.amount) >=", Minimum?.Minor);
        clauses.Add("abs(e.amount) <=", Maximum?.Minor);
    }

    private sealed class Clauses(Func<object, string> add) : List<string>
    {
        public new void Add(string? clause)
        {
            if (clause is not null)
            {
                base.Add(clause);
            }
        }

        public void Add(string comparison, object? value)
        {
            if (value is not null)
            {
                base.Add($"{comparison} {add(value)}");
            }
        }
    }
}
