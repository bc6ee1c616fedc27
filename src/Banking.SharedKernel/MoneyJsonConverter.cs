using System.Text.Json;
using System.Text.Json.Serialization;

namespace Banking.SharedKernel;

/// <summary>
/// Converts to and from the stored form, <c>{"minor":12550,"currency":"EUR","scale":2}</c>. The stored scale overrides the table's, so that
/// an event keeps its amount after the table changes. The names do not depend on the serializer's naming policy. With strict options the
/// scale is required and unknown members are refused.
/// </summary>
internal sealed class MoneyJsonConverter : JsonConverter<Money>
{
    public override Money Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("Stored money is an object with minor, currency and scale.");
        }

        long? minor = null;
        string? code = null;
        int? scale = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            switch (name)
            {
                case "minor" when minor is null && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number):
                    minor = number;
                    break;
                case "currency" when code is null && reader.TokenType == JsonTokenType.String:
                    code = reader.GetString();
                    break;
                case "scale" when scale is null && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var digits):
                    scale = digits;
                    break;
                case "minor" or "currency" or "scale":
                    throw new JsonException($"'{name}' of stored money is repeated or has the wrong type.");
                default:
                    _ = options.UnmappedMemberHandling == JsonUnmappedMemberHandling.Disallow
                        ? throw new JsonException($"Stored money has no '{name}'.")
                        : true;
                    reader.Skip();
                    break;
            }
        }

        return minor is { } amount && code is not null && (scale is not null || !options.RespectRequiredConstructorParameters)
            ? new(amount, CreateCurrency(code, scale))
            : throw new JsonException("Stored money lacks minor, currency or scale.");
    }

    public override void Write(Utf8JsonWriter writer, Money value, JsonSerializerOptions options)
    {
        if (value.Currency == default)
        {
            throw new JsonException("Money without a currency cannot be stored: it would be unreadable.");
        }

        writer.WriteStartObject();
        writer.WriteNumber("minor"u8, value.Minor);
        writer.WriteString("currency"u8, value.Currency.Code);
        writer.WriteNumber("scale"u8, value.Currency.Scale);
        writer.WriteEndObject();
    }

    private static Currency CreateCurrency(string code, int? scale)
    {
        try
        {
            return scale is { } stored ? Currency.FromStored(code, stored)
                : CurrencyTable.TryFind(code, out var listed) ? Currency.FromStored(listed.Code, listed.Scale)
                : throw new JsonException($"Stored money in unknown currency '{code}' lacks its scale.");
        }
        catch (ArgumentException problem)
        {
            throw new JsonException($"Stored money has an impossible currency: {problem.Message}", problem);
        }
    }
}
