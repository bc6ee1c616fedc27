using System.Globalization;
using System.Text.Json;
using Banking.SharedKernel;
using JasperFx.Events;

namespace Banking.EventStore.Log;

/// <summary>An event that this bank cannot read, or that a read model cannot project.</summary>
/// <param name="position">Position of the event; all events before it can be read.</param>
public sealed class UnreadableEventException(long position, Guid id, string type, Exception inner)
    : Exception(
        string.Create(
            CultureInfo.InvariantCulture,
            $"Event {PublicId.Format("evt", id)} ({type}) at position {position} cannot be read: {Why(inner)}"),
        inner)
{
    public UnreadableEventException(IEvent e, Exception inner)
        : this(Known(e).Sequence, e.Id, e.EventTypeName, inner)
    {
    }

    private readonly Guid _id = id;

    public long Position { get; } = position;

    /// <summary>
    /// For a deleted event: the position after which a reader of the whole log continues. It may lie behind further deleted events.
    /// </summary>
    public long ContinueAfter { get; private init; } = position;

    /// <summary>The stored name of its type.</summary>
    public string Type { get; } = type;

    public bool IsOfUnknownType => InnerException is UnknownEventTypeException;

    /// <summary>The event's public id.</summary>
    public string EventId { get; } = PublicId.Format("evt", id);

    /// <summary>The same failure for a reader of the whole log, which continues after a position.</summary>
    public UnreadableEventException ContinuedAfter(long next) => new(Position, _id, Type, InnerException!) { ContinueAfter = next };

    private static string Why(Exception inner)
    {
        // The bank's own converters do not name the member.
        return inner is JsonException { Path: not (null or "$") and var path } ? $"{path}: {inner.Message}" : inner.Message;
    }

    private static IEvent Known(IEvent e)
    {
        return e;
    }
}
