using JasperFx.Events;

namespace Banking.Platform.Following;

/// <summary>An event that this bank cannot read, or that a read model cannot project.</summary>
/// <param name="position">Its place in the log: what comes before it is all right.</param>
public sealed class UnreadableEventException(long position, Guid id, string type, Exception inner)
    : Exception($"Event {id:N} ({type}) at position {position} cannot be read: {inner.Message}", inner)
{
    public UnreadableEventException(IEvent e, Exception inner)
        : this(Known(e).Sequence, e.Id, e.EventTypeName, inner)
    {
    }

    public long Position { get; } = position;

    private static IEvent Known(IEvent e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return e;
    }
}
