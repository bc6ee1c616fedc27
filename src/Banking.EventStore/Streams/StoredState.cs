using Banking.EventStore.Storage;
using Marten;

namespace Banking.EventStore.Streams;

/// <summary>
/// A state and the event that made it. A version alone does not say which history a state belongs to: after a restore in place another
/// event may have the same version.
/// </summary>
/// <param name="LastEvent">The id of the last event that was folded into the state.</param>
public sealed record StoredState<TState>(TState State, Guid LastEvent)
    where TState : class, IEventSourced<TState>;

/// <summary>What the tables of states have besides Marten's own columns.</summary>
public static class StoredStates
{
    /// <summary>
    /// The last event of the stored state. Null, or another event's, where Marten wrote the row itself: then the state is folded again.
    /// </summary>
    public const string LastEventColumn = "last_event_id";

    /// <summary>
    /// Names the last event of states that were stored before this column was. Without it, the first command on each account would fold all
    /// its events while the account is locked.
    /// </summary>
    public static string NameLastEvents(string table) =>
        $"""
        update {table} d set {LastEventColumn} = e.id
        from {SchemaNames.Events}.mt_streams s
        join {SchemaNames.Events}.mt_events e on e.stream_id = s.id and e.version = s.version and not e.is_archived
        where d.id = s.id and d.{LastEventColumn} is null and d.mt_version = s.version
        """;

    /// <summary>The tables of the states that commands decide upon.</summary>
    public static IReadOnlySet<string> Tables(IReadOnlyStoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.AllKnownDocumentTypes()
            .Where(t => t.DocumentType.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEventSourced<>)))
            .Select(t => t.TableName.QualifiedName)
            .ToHashSet();
    }
}
