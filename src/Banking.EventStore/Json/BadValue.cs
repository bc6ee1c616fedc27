using System.Text.Json;

namespace Banking.EventStore.Json;

/// <summary>
/// An error of one of the bank's converters. A marker distinguishes its message, which may be shown to the caller, from messages of the
/// parser.
/// </summary>
internal static class BadValue
{
    private const string Marker = "banking.message-for-the-caller";

    public static JsonException Of(string message)
    {
        var failure = new JsonException(message);
        failure.Data[Marker] = true;
        return failure;
    }

    public static bool Is(JsonException failure) => failure.Data.Contains(Marker);
}
