using System.Text.Json;

namespace Banking.EventStore.Json;

/// <summary>
/// A value that a converter of the bank does not take. The mark tells its message, which is fit for the caller, from the parser's own.
/// </summary>
internal static class BadValue
{
    private const string Mark = "banking.message-for-the-caller";

    public static JsonException Of(string message)
    {
        var failure = new JsonException(message);
        failure.Data[Mark] = true;
        return failure;
    }

    public static bool Is(JsonException failure) => failure.Data.Contains(Mark);
}
