using System.Text.Json;
using System.Text.Json.Serialization;

namespace Banking.SharedKernel;

/// <summary>Converts to and from the electronic form, as a string or a dictionary key. Invalid JSON is refused, not repaired.</summary>
internal sealed class AccountNumberJsonConverter : JsonConverter<AccountNumber>
{
    public override AccountNumber Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? Parse(reader.GetString()) : throw new JsonException("An account number is a string.");

    public override AccountNumber ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Parse(reader.GetString());

    public override void Write(Utf8JsonWriter writer, AccountNumber value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Format(value));

    public override void WriteAsPropertyName(Utf8JsonWriter writer, AccountNumber value, JsonSerializerOptions options) =>
        writer.WritePropertyName(Format(value));

    private static AccountNumber Parse(string? text) =>
        AccountNumber.TryParseStored(text, out var number) ? number : throw new JsonException($"'{text}' is not an IBAN.");

    private static string Format(AccountNumber number) => number == default
        ? throw new JsonException("An empty account number cannot be stored, because it could not be read again.")
        : number.Value;
}
