using Banking.EventStore.Log;
using JasperFx.Events;

namespace Banking.EventStore.Appending;

/// <summary>Reads who and why from a stored event.</summary>
public static class EventHeaders
{
    /// <summary>The header's text, or null where the event has none of that name.</summary>
    /// <exception cref="UnreadableEventException">It is no text.</exception>
    public static string? Header(this IEvent e, string name)
    {
        ArgumentNullException.ThrowIfNull(e);
        return e.GetHeader(name) switch
        {
            null => null,
            string text => text,
            _ => throw new UnreadableEventException(e, new InvalidOperationException($"Its header {name} is no text.")),
        };
    }

    /// <summary>The text of a header, or of a column of who and why, that every event has.</summary>
    /// <exception cref="UnreadableEventException">This one has not.</exception>
    public static string Required(this IEvent e, string name, string? value)
    {
        ArgumentNullException.ThrowIfNull(e);
        return value ?? throw new UnreadableEventException(e, new InvalidOperationException($"It does not say its {name}."));
    }

    /// <summary>The text of a header that every event has.</summary>
    /// <exception cref="UnreadableEventException">This one has not, or it is no text.</exception>
    public static string RequiredHeader(this IEvent e, string name) => e.Required(name, e.Header(name));
}
