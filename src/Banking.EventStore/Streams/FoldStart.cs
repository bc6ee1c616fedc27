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
    /// <summary>Null if no event carries this state.</summary>
    private readonly string? _sql;

    public FoldStart(IDocumentStore store)
    {
        var names = StoredEventTypes.Of(store).Where(t => t.DocumentType.IsAssignableTo(typeof(ICarriedState<TState>)))
            .Select(t => $"'{t.EventTypeName}'").ToList();
        // The names are literals, or PostgreSQL cannot use a partial index of these events.
        _sql = names.Count == 0 ? null
            : $"select version from {SchemaNames.Events}.mt_events where stream_id = $1 and type in ({string.Join(", ", names)}) "
                + $"and {ArchiveManifest.IsInLog()} order by version desc limit 1";
    }

    /// <summary>Returns 1 if no event of the stream carries its state.</summary>
    public async Task<long> FindAsync(NpgsqlConnection connection, Guid stream, CancellationToken ct) =>
        _sql is null ? 1 : await connection.ScalarAsync<long?>(_sql, [stream], ct) ?? 1;
}
