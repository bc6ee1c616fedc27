using System.Globalization;
using Banking.SharedKernel;
using Banking.Web.Http;

namespace Banking.Accounts.ReadModels;

/// <summary>The entries that a list shows, by what the rows of the book say.</summary>
public sealed record EntryFilter
{
    /// <summary>The smallest amount, of credits and debits; in <see cref="Currency"/>.</summary>
    public Money? Minimum { get; init; }

    /// <summary>The largest amount, in <see cref="Currency"/>.</summary>
    public Money? Maximum { get; init; }

    public Currency? Currency { get; init; }

    public Interval Effective { get; init; }

    public Interval Recorded { get; init; }

    /// <summary>A correlation id. The rows have only its hash, so the events must be compared too.</summary>
    public string? Correlation { get; init; }

    /// <summary>A condition without values; it may make a partial index usable.</summary>
    internal string? Kind { get; init; }

    /// <summary>The conditions on a row e, and their values in the order of their parameters.</summary>
    internal (string Sql, IReadOnlyList<object?> Values) Conditions()
    {
        var (clauses, values) = (new List<string> { "e.movement" }, new List<object?>());
        if (Kind is not null)
        {
            clauses.Add(Kind);
        }

        Add("abs(e.amount) >=", Minimum?.Minor);
        Add("abs(e.amount) <=", Maximum?.Minor);
        Add("e.currency =", Currency?.Code);
        // A currency may have had another number of decimals in the past.
        Add("e.scale =", Minimum is null && Maximum is null ? null : (short)Currency!.Value.Scale);
        Add("e.effective_at >=", Effective.From?.UtcDateTime);
        Add("e.effective_at <", Effective.To?.UtcDateTime);
        Add("e.recorded_at >=", Recorded.From?.UtcDateTime);
        Add("e.recorded_at <", Recorded.To?.UtcDateTime);
        Add("e.correlation =", Correlation is null ? null : EntryRow.HashOf(Correlation));
        return (string.Join(" and ", clauses), values);

        void Add(string clause, object? value)
        {
            if (value is not null)
            {
                values.Add(value);
                clauses.Add(clause + " $" + values.Count.ToString(CultureInfo.InvariantCulture));
            }
        }
    }
}
