using Banking.EventStore.Archive;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Marten;
using Npgsql;

namespace Banking.EventStore.Streams;

/// <summary>
/// Finds the version at which the fold of a stream starts: its last <see cref="ICarriedState{TState}"/>, or its first event.
/// </summary>
public sealed class FoldStart<TState>
    where TState : class, IEventSourced<TState>
{
    /// <summary>The condition on the events of stream $1 that carry this state; null if no type of event does.</summary>
    private readonly string? _carries;

    public FoldStart(IDocumentStore store)
    {
        var names = StoredEventTypes.Of(store).Where(t => t.DocumentType.IsAssignableTo(typeof(ICarriedState<TState>)))
            .Select(t => $"'{t.EventTypeName}'").ToList();
        // The names are literals, or PostgreSQL cannot use a partial index of these events.
        _carries = names.Count == 0 ? null
            : $"from {SchemaNames.Events}.mt_events where stream_id = $1 and type in ({string.Join(", ", names)}) "
                + $"and {ArchiveManifest.IsInLog()}";
    }

    /// <summary>Returns 1 if no event of the stream carries its state.</summary>
    public async Task<long> FindAsync(NpgsqlConnection connection, Guid stream, CancellationToken ct) =>
        _carries is null ? 1
            : await connection.ScalarAsync<long?>($"select version {_carries} order by version desc limit 1", [stream], ct) ?? 1;

    /// <summary>Finds the first version after another one at which a fold can start; null if there is none.</summary>
    public Task<long?> FindAfterAsync(NpgsqlConnection connection, Guid stream, long version, CancellationToken ct) =>
        _carries is null ? Task.FromResult<long?>(null)
            : connection.ScalarAsync<long?>(
                $"select version {_carries} and version > $2 order by version limit 1", [stream, version], ct);
}
