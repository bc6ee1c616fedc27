using Banking.ReadModels.Books;
using JasperFx.Events;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>Compares data that is stored beside the events, and that must follow from them, with the event log. Changes nothing.</summary>
public abstract class StoredComparison
{
    /// <summary>What differences are named after.</summary>
    public abstract string Name { get; }

    /// <summary>What belongs to some streams.</summary>
    /// <param name="snapshot">In a transaction of isolation repeatable read.</param>
    /// <param name="events">The events of those streams that exist, can be read whole and are not too long to be held at once, as the
    /// snapshot sees them.</param>
    public virtual Task<IReadOnlyList<Difference>> OfStreamsAsync(
        NpgsqlConnection snapshot,
        StreamSelection streams,
        IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events,
        CancellationToken ct) => Task.FromResult<IReadOnlyList<Difference>>([]);

    /// <summary>
    /// What belongs to one stream that is too long to be held at once, besides what <see cref="OfStreamsAsync"/> finds without its events.
    /// </summary>
    public virtual Task<IReadOnlyList<Difference>> OfLongStreamAsync(NpgsqlConnection snapshot, Guid stream, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<Difference>>([]);

    /// <summary>What is found by an id of its own, and not by a stream: all of it whose ids lie in a range.</summary>
    public virtual Task<IReadOnlyList<Difference>> OfIdsAsync(NpgsqlConnection snapshot, StreamSelection ids, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<Difference>>([]);

    /// <summary>What can be seen only over the whole bank.</summary>
    public virtual Task<IReadOnlyList<Difference>> OfBankAsync(NpgsqlConnection snapshot, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<Difference>>([]);
}
