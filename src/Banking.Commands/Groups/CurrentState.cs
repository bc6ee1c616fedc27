using Banking.Commands.Receipts;
using Banking.EventStore.Streams;

namespace Banking.Commands.Groups;

/// <summary>Shows a state as it is now, for streams whose commands answer with their state.</summary>
internal sealed class CurrentState<TState>(StateReader<TState> states, Func<TState, object> view) : ICurrentView
    where TState : class, IEventSourced<TState>
{
    public string StreamType => TState.StreamType;

    public async Task<CurrentView?> FindAsync(ExpiredAnswer answer, CancellationToken ct) =>
        await states.FindAsync(answer.Last.StreamId, ct) is { } now ? new(view(now), now.Version) : null;
}
