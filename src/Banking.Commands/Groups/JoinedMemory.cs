using Banking.Commands.Decisions;
using Banking.EventStore.Appending;
using Banking.EventStore.Log;
using Banking.EventStore.Streams;
using Marten;
using Npgsql;

namespace Banking.Commands.Groups;

/// <summary>The changes of a group to the joined streams of one kind.</summary>
internal interface IJoinedMemory
{
    object? Find(Guid id);

    /// <summary>Version and recorded time of the last event; null if the stream does not exist.</summary>
    (long Version, DateTimeOffset RecordedAt)? End(Guid id);

    UnreadableEventException? Unreadable(Guid id);

    EventEnvelope Append(NewEvent e, CommandContext context, IReadOnlyDictionary<string, object> headers, DateTimeOffset at);

    /// <summary>Queues all writes on the session.</summary>
    void Store();
}

/// <inheritdoc cref="IJoinedMemory"/>
internal sealed class JoinedMemory<TState>(GroupMemory<TState> memory, StoreOptions options, GroupRules<TState> rules) : IJoinedMemory
    where TState : class, IEventSourced<TState>
{
    public object? Find(Guid id) => memory.States.Find(id);

    public (long Version, DateTimeOffset RecordedAt)? End(Guid id) =>
        memory.States.Find(id) is { } state ? (state.Version, state.RecordedAt) : null;

    public UnreadableEventException? Unreadable(Guid id) => memory.Unreadable([id]);

    public EventEnvelope Append(NewEvent e, CommandContext context, IReadOnlyDictionary<string, object> headers, DateTimeOffset at) =>
        memory.Append(e, context, headers, at);

    public void Store() => memory.Store(options, rules);
}

/// <summary>The joined streams of a group, by kind. Nearly every group has none.</summary>
internal sealed class JoinedMemories(IReadOnlyDictionary<JoinedKind, IJoinedMemory> byKind)
{
    private static readonly JoinedMemories None = new(new Dictionary<JoinedKind, IJoinedMemory>());

    /// <summary>Locks and reads the streams, in the order of their ids within each kind.</summary>
    public static async Task<Func<IDocumentSession, JoinedMemories>> LoadAsync(
        NpgsqlTransaction transaction, IEnumerable<JoinedStream?> streams)
    {
        var loaded = new List<(JoinedKind Kind, Func<IDocumentSession, IJoinedMemory> Memory)>();
        foreach (var kind in streams.OfType<JoinedStream>().GroupBy(s => s.Kind))
        {
            loaded.Add((kind.Key, await kind.Key.LoadAsync(transaction, [.. kind.Select(s => s.Id).Distinct()])));
        }

        return loaded.Count == 0 ? _ => None : session => new(loaded.ToDictionary(l => l.Kind, l => l.Memory(session)));
    }

    /// <summary>Returns null also if the command joins no stream.</summary>
    public UnreadableEventException? Unreadable(JoinedStream? stream) => stream is null ? null : byKind[stream.Kind].Unreadable(stream.Id);

    /// <summary>Version and recorded time of the last event; null if the stream does not exist or the command joins none.</summary>
    public (long Version, DateTimeOffset RecordedAt)? End(JoinedStream? stream) =>
        stream is null ? null : byKind[stream.Kind].End(stream.Id);

    /// <summary>Passes the present state to the command.</summary>
    public void Attach(JoinedStream? stream) => stream?.Attach(byKind[stream.Kind].Find(stream.Id));

    public EventEnvelope Append(
        JoinedStream stream, NewEvent e, CommandContext context, IReadOnlyDictionary<string, object> headers, DateTimeOffset at) =>
        byKind[stream.Kind].Append(e, context, headers, at);

    public void Store()
    {
        foreach (var memory in byKind.Values)
        {
            memory.Store();
        }
    }
}
