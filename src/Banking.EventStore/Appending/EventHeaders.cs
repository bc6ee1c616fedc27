using Banking.EventStore.Log;
using JasperFx.Events;

namespace Banking.EventStore.Appending;

/// <summary>Reads metadata from the headers of a stored event.</summary>
public static class EventHeaders
{
    /// <summary>Returns the text of a header, or null if the event does not have it.</summary>
    /// <exception cref="UnreadableEventException">The header is not a text.</exception>
    public static string? Header(this IEvent e, string name)
    {
        return e.GetHeader(name) switch
        {
            null => null,
            string text => text,
            _ => throw new UnreadableEventException(e, new InvalidOperationException($"Its header {name} is not a text.")),
        };
    }

    /// <summary>Returns a header or metadata column that every event must have.</summary>
    /// <exception cref="UnreadableEventException">The event does not have it.</exception>
    public static string Required(this IEvent e, string name, string? value)
    {
        return value ?? throw new UnreadableEventException(e, new InvalidOperationException($"Its {name} is missing."));
    }

    /// <summary>Returns the text of a header that every event must have.</summary>
    /// <exception cref="UnreadableEventException">The event does not have it, or it is not a text.</exception>
    public static string RequiredHeader(this IEvent e, string name) => e.Required(name, e.Header(name));
}
