using System.Text.Json;
using System.Text.Json.Serialization;

namespace Banking.SharedKernel;

/// <summary>
/// Converts a currency to and from its code. It reads withdrawn codes too, because stored events keep them. A request that must not accept
/// them takes a string and calls <see cref="Currency.TryParse"/>.
/// </summary>
internal sealed class CurrencyJsonConverter : JsonConverter<Currency>
{
    public override Currency Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var code = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return CurrencyTable.TryFind(code, out var listed)
            ? Currency.FromStored(listed.Code, listed.Scale)
            : throw new JsonException($"'{code}' is not an ISO 4217 currency code.");
    }

    public override void Write(Utf8JsonWriter writer, Currency value, JsonSerializerOptions options)
    {
        // A reader of the code would use the table's scale. A currency with another scale would become another currency.
        if (!CurrencyTable.TryFind(value.Code, out var listed) || listed.Scale != value.Scale)
        {
            throw new JsonException(
                $"Currency '{value.Code}' with scale {value.Scale} is not in the table and cannot be stored without an amount.");
        }

        writer.WriteStringValue(value.Code);
    }
}
