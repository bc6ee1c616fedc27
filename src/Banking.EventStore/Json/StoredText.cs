using System.Text.Json;

namespace Banking.EventStore.Json;

/// <summary>Reads members of events that have JSON as text. They are read as strictly as the events themselves.</summary>
public static class StoredText
{
    /// <param name="member">The name of the member, for the message.</param>
    /// <exception cref="JsonException">The text is not what it should be. The exception names the member.</exception>
    public static T Read<T>(string member, Func<T?> read)
        where T : class
    {
        try
        {
            return read() ?? throw new JsonException("It is null.");
        }
        catch (JsonException wrong)
        {
            throw new JsonException($"The text of {member} cannot be read: {wrong.Message}", "$." + member, null, null, wrong);
        }
    }
}
