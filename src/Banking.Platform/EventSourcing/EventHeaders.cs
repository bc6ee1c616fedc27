using System.Text.Json;
using JasperFx.Events;

namespace Banking.Platform.EventSourcing;

/// <summary>Reads who and why from a stored event.</summary>
public static class EventHeaders
{
    /// <summary>The header's text, or null. What comes back from jsonb is a JSON element, what was just made is a string.</summary>
    public static string? Header(this IEvent e, string name)
    {
        ArgumentNullException.ThrowIfNull(e);
        return e.GetHeader(name) switch
        {
            null => null,
            string text => text,
            JsonElement { ValueKind: JsonValueKind.String } json => json.GetString(),
            var other => other.ToString(),
        };
    }
}
