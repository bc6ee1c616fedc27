using System.Text.Json;
using System.Text.Json.Serialization;

namespace Banking.SharedKernel;

/// <summary>
/// A currency as its code. Codes that ISO 4217 has withdrawn are still read, because events outlive them;
/// a request that must not accept them takes a string and calls <see cref="Currency.TryParse"/>.
/// </summary>
internal sealed class CurrencyJsonConverter : JsonConverter<Currency>
{
    public override Currency Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var code = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return CurrencyTable.TryEver(code, out var listed)
            ? Currency.Stored(listed.Code, listed.Scale)
            : throw new JsonException($"'{code}' is not an ISO 4217 currency code.");
    }

    public override void Write(Utf8JsonWriter writer, Currency value, JsonSerializerOptions options)
    {
        // The code alone would be read back with the table's scale: refuse rather than change what money means.
        if (!CurrencyTable.TryEver(value.Code, out var listed) || listed.Scale != value.Scale)
        {
            throw new JsonException(
                $"Currency '{value.Code}' with scale {value.Scale} is not in the table and cannot be stored without an amount.");
        }

        writer.WriteStringValue(value.Code);
    }
}
