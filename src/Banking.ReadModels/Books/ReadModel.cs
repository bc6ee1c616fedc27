using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using JasperFx.Events;
using Npgsql;

namespace Banking.ReadModels.Books;

/// <summary>
/// A read model: its tables, and the projection of events into them. Live updates and rebuilds use the same
/// <see cref="ProjectAsync"/>.
/// </summary>
public abstract class ReadModel
{
    /// <summary>The name that operators use.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// Raised with every change of <see cref="ProjectAsync"/> or the tables. The bank then builds a candidate and switches readers to it.
    /// </summary>
    public abstract int Version { get; }

    /// <summary>The schema of its tables: the schema of its module.</summary>
    public abstract string Schema { get; }

    /// <summary>
    /// The tables, in the order in which every query over several of them names them. A switch replaces their views in this order; another
    /// order in a query could deadlock with it.
    /// </summary>
    public abstract IReadOnlyList<ReadTable> Tables { get; }

    /// <summary>
    /// Projects events into rows, in the order of the log. The input is only the events and the model's own earlier rows: no clock, no
    /// random numbers, no new ids, no other read model. So the same log gives the same rows, whatever the page size.
    /// </summary>
    /// <exception cref="UnreadableEventException">An event cannot be projected. The exception names it, so that the model can pause right
    /// before it.</exception>
    public abstract Task ProjectAsync(RowWriter rows, ReadTables tables, IReadOnlyList<IEvent> events, CancellationToken ct);

    /// <summary>Compares the rows of whole streams with the result of the bank's own folds, where a fold exists.</summary>
    public virtual Task<IReadOnlyList<Difference>> CompareWithFoldsAsync(
        NpgsqlConnection snapshot, ReadTables tables, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> streams, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<Difference>>([]);

    /// <summary>
    /// Compares the last row of each stream with its stored state, if there is one. For streams that are too long for a row by row
    /// comparison on each run.
    /// </summary>
    public virtual Task<IReadOnlyList<Difference>> CompareEndsAsync(
        NpgsqlConnection snapshot,
        ReadTables tables,
        Guid[] streams,
        CancellationToken ct) => Task.FromResult<IReadOnlyList<Difference>>([]);

    /// <summary>Finds violations of the model's invariants.</summary>
    public virtual Task<IReadOnlyList<Difference>> InvariantsAsync(NpgsqlConnection snapshot, ReadTables tables, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<Difference>>([]);

    /// <summary>
    /// The query for the total of customers' money in this model: currency, scale and a sum that is not zero. Null if the model has no such
    /// total. All models that have one must agree.
    /// </summary>
    public virtual string? CustomerTotals(ReadTables tables) => null;

    /// <summary>The sum of no rows, in the format of <see cref="SumsByCurrencyAsync"/>.</summary>
    protected const string Nothing = "0";

    /// <summary>
    /// Reads sums by currency and scale (EUR/2) from a query that selects a currency, its scale and a sum. Sums are decimal text: a sum
    /// over the bank, or a forged one, may exceed every numeric type here and must still be compared and shown.
    /// </summary>
    protected internal static async Task<SortedDictionary<string, string>> SumsByCurrencyAsync(
        NpgsqlConnection snapshot, string sql, CancellationToken ct, params object[] values)
    {
        var sums = await snapshot.ListAsync(
            $"select currency, scale, trim_scale(total::numeric)::text from ({sql}) as s(currency, scale, total)",
            values,
            row => (Currency: $"{row.GetString(0)}/{row.GetInt16(1)}", Sum: row.GetString(2)),
            ct,
            timeoutSeconds: 0);
        return new(sums.ToDictionary(), StringComparer.Ordinal);
    }
}
