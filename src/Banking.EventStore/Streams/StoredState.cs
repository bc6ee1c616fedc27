using Banking.EventStore.Storage;
using Marten;

namespace Banking.EventStore.Streams;

/// <summary>
/// A state and the last event folded into it. The version alone does not identify the history of a state: after a restore in place another
/// event may have the same version.
/// </summary>
/// <param name="LastEvent">Id of the last event folded into the state.</param>
public sealed record StoredState<TState>(TState State, Guid LastEvent)
    where TState : class, IEventSourced<TState>;

/// <summary>The column that tables of states have in addition to Marten's.</summary>
public static class StoredStates
{
    /// <summary>The last event of the stored state. Null or outdated if Marten wrote the row itself: the state is then folded.</summary>
    public const string LastEventColumn = "last_event_id";

    /// <summary>
    /// SQL that sets the last event of states stored before this column existed. Without it, the first command on each stream would fold
    /// all its events while the stream is locked.
    /// </summary>
    public static string NameLastEvents(string table) =>
        $"""
        update {table} d set {LastEventColumn} = e.id
        from {SchemaNames.Events}.mt_streams s
        join {SchemaNames.Events}.mt_events e on e.stream_id = s.id and e.version = s.version and not e.is_archived
        where d.id = s.id and d.{LastEventColumn} is null and d.mt_version = s.version
        """;

    /// <summary>Returns the tables of the states that commands decide upon.</summary>
    public static IReadOnlySet<string> Tables(IReadOnlyStoreOptions options)
    {
        return options.AllKnownDocumentTypes()
            .Where(t => t.DocumentType.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEventSourced<>)))
            .Select(t => t.TableName.QualifiedName)
            .ToHashSet();
    }
}
