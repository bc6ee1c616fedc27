using System.Runtime.CompilerServices;
using JasperFx.Core;
using Marten;
using Marten.Events;

namespace Banking.EventStore.Log;

/// <summary>
/// The names under which events are stored, and how each is read: the current name of each event, and the names of earlier versions, which
/// an upcaster converts (<c>store.Events.Upcast</c>).
/// </summary>
public static class StoredEventTypes
{
    /// <summary>Returns one mapping per name.</summary>
    public static IReadOnlyList<EventMapping> Of(IDocumentStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        return Of(store.Options);
    }

    /// <summary>Returns all names under which events of these types are stored.</summary>
    public static string[] Names(IDocumentStore store, params IEnumerable<Type> types)
    {
        ArgumentNullException.ThrowIfNull(store);
        return Names(store.Options, types);
    }

    internal static string[] Names(IReadOnlyStoreOptions options, IEnumerable<Type> types)
    {
        var wanted = types.ToHashSet();
        return [.. Of(options).Where(m => wanted.Contains(m.DocumentType)).Select(m => m.EventTypeName)];
    }

    /// <summary>Marten lists current names only. Those of earlier versions are in the table that its own reader uses.</summary>
    private static List<EventMapping> Of(IReadOnlyStoreOptions options) =>
        [
            .. options
                .Events.AllKnownEventTypes()
                .Cast<EventMapping>()
                .Concat(ByName((EventGraph)options.Events))
                .OfType<EventMapping>()
                .DistinctBy(m => m.EventTypeName),
        ];

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_byEventName")]
    private static extern ref Cache<string, EventMapping> ByName(EventGraph events);
}
