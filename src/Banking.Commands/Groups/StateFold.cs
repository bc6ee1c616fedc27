using Banking.EventStore.Log;
using Banking.EventStore.Streams;
using JasperFx.Events;
using Marten;
using Npgsql;

namespace Banking.Commands.Groups;

/// <summary>Folds a state from the events of its stream, where the stored state is missing or is not at the stream's version.</summary>
internal sealed class StateFold<TState>(IDocumentStore store, NpgsqlDataSource source, LogReader log)
    where TState : class, IEventSourced<TState>
{
    private readonly FoldStart<TState> _start = new(store);

    /// <summary>Returns the state; null if the stream has no events.</summary>
    /// <exception cref="UnreadableEventException">An event cannot be read or applied.</exception>
    public async Task<TState?> RunAsync(Guid id, CancellationToken ct)
    {
        long from;
        await using (var connection = await source.OpenConnectionAsync(ct))
        {
            from = await _start.FindAsync(connection, id, ct);
        }

        TState? state = null;
        await foreach (var page in log.ReadStreamAsync(id, long.MaxValue, ct, from))
        {
            foreach (var e in page)
            {
                state = Next(state, id, e);
            }
        }

        return state;
    }

    private static TState Next(TState? state, Guid id, IEvent e)
    {
        try
        {
            var next = StreamFold.Next(state, id, e);
            return next.Version == e.Version
                ? next
                : throw new InvalidOperationException("The preceding event is missing from the stream.");
        }
        catch (Exception failure) when (failure is InvalidOperationException or OverflowException or InvalidCastException)
        {
            throw new UnreadableEventException(e, failure);
        }
    }
}
