using System.Text.Json;
using System.Text.Json.Serialization;
using Banking.SharedKernel;

namespace Banking.EventStore.Json;

/// <summary>
/// Instants of RFC 3339 with an offset. The framework's converter also accepts a time without offset and a date, and interprets them in the
/// time zone of the machine.
/// </summary>
public sealed class WireInstant : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        // Instants accepts a space for a plus, which is right in a query string only.
        var text = reader.TokenType == JsonTokenType.String ? reader.GetString()! : " ";
        return Instants.ParseAsSent(text.Contains(' ', StringComparison.Ordinal) ? null : text) switch
        {
            InstantResult.Instant instant => instant.Value,
            InstantResult.Malformed malformed => throw new InvalidValueException(malformed.Why),
            var other => throw new InvalidOperationException($"{other.GetType().Name} is not a result for a time with an offset."),
        };
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        writer.WriteStringValue(value);
    }
}
