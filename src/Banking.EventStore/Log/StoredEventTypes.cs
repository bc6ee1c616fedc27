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
        return Of(store.Options);
    }

    /// <summary>Returns all names under which events of these types are stored.</summary>
    public static string[] Names(IDocumentStore store, params IEnumerable<Type> types)
    {
        return Names(store.Options, types);
    }

    /// <summary>
    /// Returns all stored names of the event that one of them names; the name alone if this version of the bank does not know it.
    /// </summary>
    public static string[] Versions(IDocumentStore store, string name) =>
        Of(store).FirstOrDefault(m => m.EventTypeName == name) is { } known ? Names(store, known.DocumentType) : [name];

    /// <summary>
    /// Returns the current name of the event that one of its stored names names; the name itself if this version of the bank does not know
    /// it.
    /// </summary>
    public static string Current(IDocumentStore store, string name)
    {
        // Current names come first.
        var all = Of(store);
        return all.FirstOrDefault(m => m.EventTypeName == name) is { } known
            ? all.First(m => m.DocumentType == known.DocumentType).EventTypeName
            : name;
    }

    /// <summary>
    /// Returns what an event states, its stored name without the version: <c>accounts.money-deposited</c> for
    /// <c>accounts.money-deposited.v2</c>.
    /// </summary>
    public static string FactOf(string name)
    {
        var dot = name.LastIndexOf(".v", StringComparison.Ordinal);
        return dot > 0 && name.AsSpan(dot + 2) is { Length: > 0 } digits && !digits.ContainsAnyExceptInRange('0', '9')
            ? name[..dot]
            : name;
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
