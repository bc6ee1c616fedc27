using Banking.Commands.Decisions;
using Banking.EventStore.Streams;
using JasperFx.Events;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>Checks that the command which each stream of one kind waits for is in the due table.</summary>
/// <typeparam name="TFirst">The first event of such a stream.</typeparam>
/// <typeparam name="TState">Its state.</typeparam>
/// <param name="wait">Returns the command that a stream with this state and these events waits for; null if it waits for none.</param>
public abstract class StateDueComparison<TFirst, TState>(Func<TState, IReadOnlyList<IEvent>, DueCommand?> wait) : DueComparison
    where TState : class, IEventSourced<TState>
{
    protected override Task<IReadOnlyList<(Guid Stream, DueCommand Due)>> WaitsAsync(
        NpgsqlConnection snapshot, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<(Guid Stream, DueCommand Due)>>(
        [
            .. from stream in events
               where stream.Value is [{ Data: TFirst }, ..]
               let due = wait(StreamFold.Of<TState>(stream.Key, stream.Value)!, stream.Value)
               where due is not null
               select (stream.Key, due!),
        ]);
}
