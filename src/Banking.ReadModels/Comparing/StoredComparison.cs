using System.Text.Json;
using Banking.EventStore.Json;
using Banking.ReadModels.Books;
using JasperFx.Events;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>Compares data that is derived from the events and stored separately with the event log. Changes nothing.</summary>
public abstract class StoredComparison
{
    /// <summary>Maximum number of differences that a comparison of much data lists: enough to recognize the kind of fault.</summary>
    protected const int MaxDifferences = Comparison.MaxRows;

    /// <summary>The name of the data in differences.</summary>
    public abstract string Name { get; }

    /// <summary>Compares the data of some streams.</summary>
    /// <param name="snapshot">A connection with a repeatable read transaction.</param>
    /// <param name="events">
    /// The events in the snapshot, for those of the streams that exist, are readable and are short enough to hold in memory.
    /// </param>
    public virtual Task<IReadOnlyList<Difference>> OfStreamsAsync(
        NpgsqlConnection snapshot,
        StreamSelection streams,
        IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events,
        CancellationToken ct) => Task.FromResult<IReadOnlyList<Difference>>([]);

    /// <summary>
    /// Compares the data of one stream that is too long to hold in memory. <see cref="OfStreamsAsync"/> compares what needs no events.
    /// </summary>
    public virtual Task<IReadOnlyList<Difference>> OfLongStreamAsync(NpgsqlConnection snapshot, Guid stream, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<Difference>>([]);

    /// <summary>Compares data that is found by its own ids instead of a stream, for a range of ids.</summary>
    public virtual Task<IReadOnlyList<Difference>> OfIdsAsync(NpgsqlConnection snapshot, StreamSelection ids, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<Difference>>([]);

    /// <summary>
    /// Compares data whose comparison costs too much for the sentinel; only <c>verify --full</c> calls it. It may take long, so it gets no
    /// snapshot.
    /// </summary>
    public virtual Task<IReadOnlyList<Difference>> InDepthAsync(CancellationToken ct) => Task.FromResult<IReadOnlyList<Difference>>([]);

    /// <summary>Compares data that can be compared only over the whole bank.</summary>
    public virtual Task<IReadOnlyList<Difference>> OfBankAsync(NpgsqlConnection snapshot, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<Difference>>([]);

    /// <summary>The JSON of what was expected or found.</summary>
    protected static string Text(object value) => JsonSerializer.Serialize(value, ApiJson.Options);
}
