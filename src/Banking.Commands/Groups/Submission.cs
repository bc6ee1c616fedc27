using Banking.Commands.Decisions;
using Banking.EventStore.Streams;

namespace Banking.Commands.Groups;

/// <summary>One command on its way to be decided.</summary>
/// <param name="Streams">The streams it concerns; the first is the one that a refusal is listed under and If-Match speaks of.</param>
/// <param name="MayAsk">Whether the caller may know of these streams at all; a no is answered as if they did not exist.</param>
/// <param name="Decide">The pure decision.</param>
/// <param name="Answer">The answer to an accepted command, from the states after it.</param>
/// <param name="Data">The command as it is stored when it is refused; null where no rule can refuse it.</param>
public sealed record Submission<TState>(
    CommandContext Context,
    IReadOnlyList<Guid> Streams,
    Func<States<TState>, Decision?> MayAsk,
    Func<States<TState>, DateTimeOffset, Decision> Decide,
    Func<States<TState>, DateTimeOffset, CommandAnswer> Answer,
    Func<CommandData>? Data = null)
    where TState : class, IEventSourced<TState>
{
    public Guid ReceiptId { get; } = Context.ReceiptId;

    public IReadOnlyList<Guid> FormerReceiptIds { get; } = Context.FormerReceiptIds;

    /// <summary>
    /// Streams into whose past the decision looks, with from when on; none where states are enough, as they are for nearly every command.
    /// </summary>
    public IReadOnlyList<(Guid Stream, DateTimeOffset Since)> Past { get; init; } = [];
}

/// <summary>What a module made of a command: what to decide, or why there is nothing to decide upon.</summary>
public sealed record PreparedCommand<TState>(CommandContext Context, Submission<TState>? Submission, Refusal? Refusal)
    where TState : class, IEventSourced<TState>;

/// <summary>The answer to an accepted command, before it is written down.</summary>
/// <param name="StreamId">Whose version the ETag tells.</param>
public sealed record CommandAnswer(int Status, object Body, Guid StreamId, string? Location = null);

/// <summary>The states that a group of commands sees: what is stored, and what the group has added so far.</summary>
public sealed class States<TState>
    where TState : class, IEventSourced<TState>
{
    private readonly Dictionary<Guid, TState> _states = [];

    /// <summary>The state, or null where there is no such stream.</summary>
    public TState? Find(Guid id) => _states.GetValueOrDefault(id);

    /// <summary>A state that is known to be there.</summary>
    public TState this[Guid id] => _states[id];

    internal void Set(TState state) => _states[state.Id] = state;

    internal void Put(Guid id, TState? state)
    {
        if (state is null)
        {
            _states.Remove(id);
        }
        else
        {
            _states[id] = state;
        }
    }

    /// <summary>A set for tests and what-if.</summary>
    public static States<TState> Of(params IEnumerable<TState> states)
    {
        var set = new States<TState>();
        foreach (var state in states)
        {
            set.Set(state);
        }

        return set;
    }
}
