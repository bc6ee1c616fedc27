using Banking.EventStore.Log;
using JasperFx.Events;
using Npgsql;

namespace Banking.ReadModels.Books;

/// <summary>
/// Questions answered from the log: tables of its own, and what each event writes there. Written by whoever brings it forward, live or in
/// a rebuild, through the one <see cref="ProjectAsync"/>.
/// </summary>
public abstract class ReadModel
{
    /// <summary>What operators call it.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// Raised whenever <see cref="ProjectAsync"/> or the tables change: the bank then builds the new one beside the old and switches.
    /// </summary>
    public abstract int Version { get; }

    /// <summary>The schema of its tables: its module's.</summary>
    public abstract string Schema { get; }

    /// <summary>
    /// In the order in which every query of several of them names them: a switch changes their views in this order, and must not meet a
    /// reader that goes the other way.
    /// </summary>
    public abstract IReadOnlyList<ReadTable> Tables { get; }

    /// <summary>
    /// Writes what the events say, in the order of the log. Looks at nothing but them and the model's own rows before them: no clock, no
    /// random, no new ids, no other read model. So the same log makes the same rows, in whatever pages it comes.
    /// </summary>
    /// <exception cref="UnreadableEventException">An event cannot be projected; it is named, so that the model can stop right before
    /// it.</exception>
    public abstract Task ProjectAsync(RowWriter rows, ReadTables tables, IReadOnlyList<IEvent> events, CancellationToken ct);

    /// <summary>Compares the rows of whole streams with what the bank's own folds make of them, where there is such a fold.</summary>
    public virtual Task<IReadOnlyList<Difference>> CompareWithFoldsAsync(
        NpgsqlConnection snapshot, ReadTables tables, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> streams, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<Difference>>([]);

    /// <summary>
    /// Of streams too long to be compared row by row in passing: whether the last row is what the stored state says, where there is one.
    /// </summary>
    public virtual Task<IReadOnlyList<Difference>> CompareEndsAsync(
        NpgsqlConnection snapshot,
        ReadTables tables,
        Guid[] streams,
        CancellationToken ct) => Task.FromResult<IReadOnlyList<Difference>>([]);

    /// <summary>What must hold within the model at any moment, and does not.</summary>
    public virtual Task<IReadOnlyList<Difference>> InvariantsAsync(NpgsqlConnection snapshot, ReadTables tables, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<Difference>>([]);

    /// <summary>
    /// The query for what customers own, as this model knows it: a currency, its scale and a sum that is not zero; null where it does not.
    /// Models that do must agree.
    /// </summary>
    public virtual string? CustomerTotals(ReadTables tables) => null;

    /// <summary>A sum of nothing, as <see cref="SumsByCurrencyAsync"/> writes it.</summary>
    protected const string Nothing = "0";

    /// <summary>
    /// The sums by currency and scale (EUR/2), of a query that selects a currency, its scale and a sum. As decimal text: a sum over the
    /// bank, or one that somebody wrote into a table, may be wider than any number here, and must still be compared and shown.
    /// </summary>
    protected internal static async Task<SortedDictionary<string, string>> SumsByCurrencyAsync(
        NpgsqlConnection snapshot, string sql, CancellationToken ct, params object[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        await using var command = new NpgsqlCommand(
            $"select currency, scale, trim_scale(total::numeric)::text from ({sql}) as s(currency, scale, total)", snapshot);
        command.CommandTimeout = 0;
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        await using var reader = await command.ExecuteReaderAsync(ct);
        var sums = new SortedDictionary<string, string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(ct))
        {
            sums[$"{reader.GetString(0)}/{reader.GetInt16(1)}"] = reader.GetString(2);
        }

        return sums;
    }
}
