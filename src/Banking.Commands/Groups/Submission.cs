using Banking.Commands.Decisions;
using Banking.EventStore.Streams;

namespace Banking.Commands.Groups;

/// <summary>A command submitted for a decision.</summary>
/// <param name="Streams">The streams that it concerns. A refusal is listed under the first one, and If-Match refers to it, unless the
/// command joined a stream that exists.</param>
/// <param name="CheckAccess">Returns the decision for a caller who may not see these streams, the same as for streams that do not exist;
/// null for one who may.</param>
/// <param name="Decide">The pure decision.</param>
/// <param name="Answer">Makes the answer to an accepted command from the states after it and the events that were decided.</param>
/// <param name="Data">Makes the stored form of the command for a refusal; null where no rule can refuse it.</param>
public sealed record Submission<TState>(
    CommandContext Context,
    IReadOnlyList<Guid> Streams,
    Func<States<TState>, Decision?> CheckAccess,
    Func<States<TState>, DateTimeOffset, Decision> Decide,
    Func<States<TState>, IReadOnlyList<NewEvent>, DateTimeOffset, CommandAnswer> Answer,
    Func<CommandData>? Data = null)
    where TState : class, IEventSourced<TState>
{
    public Guid ReceiptId { get; } = Context.ReceiptId;

    public IReadOnlyList<Guid> FormerReceiptIds { get; } = Context.FormerReceiptIds;

    /// <summary>
    /// Streams whose past the decision needs, each with the time from which it is needed. Nearly every command needs states only.
    /// </summary>
    public IReadOnlyList<(Guid Stream, DateTimeOffset Since)> Past { get; init; } = [];

    /// <summary>
    /// Whether the command may book with an effective time of the past. The decision then sees <see cref="States{TState}.OpenFrom"/>. A
    /// command that books now needs no such look: only periods that have ended are closed.
    /// </summary>
    public bool BooksPast { get; init; }

    /// <summary>
    /// A stream of another kind that is decided with the command; null for nearly every command. Such a command is a unit of its own.
    /// </summary>
    public JoinedStream? Joined { get; init; }
}

/// <summary>A command that a module prepared: a submission, or the refusal of a command that cannot be decided.</summary>
public sealed record PreparedCommand<TState>(CommandContext Context, Submission<TState>? Submission, Refusal? Refusal)
    where TState : class, IEventSourced<TState>;

/// <summary>The states that a group of commands sees: the stored ones, with the changes of the group so far.</summary>
public sealed class States<TState>
    where TState : class, IEventSourced<TState>
{
    private readonly Dictionary<Guid, TState> _states = [];

    /// <summary>
    /// The first instant that is open for bookings, for a group with a command that books in the past; null if no period is closed.
    /// </summary>
    public DateTimeOffset? OpenFrom { get; internal set; }

    /// <summary>Returns the state, or null if the stream does not exist.</summary>
    public TState? Find(Guid id) => _states.GetValueOrDefault(id);

    /// <summary>The state of a stream that exists.</summary>
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

    /// <summary>Makes a set for tests and simulations.</summary>
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
