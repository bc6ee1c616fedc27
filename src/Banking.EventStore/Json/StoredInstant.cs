using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Banking.EventStore.Json;

/// <summary>
/// An instant as it is stored: with an offset. The framework would read a time without offset as local time of the host, and a date as
/// local midnight; both would be guesses.
/// </summary>
internal sealed class StoredInstant : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
        && HasOffset(reader.ValueIsEscaped || reader.HasValueSequence ? Encoding.UTF8.GetBytes(reader.GetString()!) : reader.ValueSpan)
        && reader.TryGetDateTimeOffset(out var instant)
            ? instant
            : throw new JsonException("A stored instant needs a date, a time and an offset, such as 2026-11-17T15:00:00+00:00.");

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        writer.WriteStringValue(value);
    }

    private static bool HasOffset(ReadOnlySpan<byte> text) =>
        text is [.., (byte)'Z'] or [.., (byte)'+' or (byte)'-', _, _, (byte)':', _, _];
}
