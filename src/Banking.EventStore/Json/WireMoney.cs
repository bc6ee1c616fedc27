using System.Text.Json;
using System.Text.Json.Serialization;
using Banking.SharedKernel;

namespace Banking.EventStore.Json;

/// <summary>
/// Money as the API writes it: {"value": "125.50", "currency": "EUR"}, never signed and never rounded. The type's own converter is for
/// stored events.
/// </summary>
public sealed class WireMoney : JsonConverter<Money>
{
    public override Money Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var amount = JsonElement.ParseValue(ref reader);
        if (amount.ValueKind != JsonValueKind.Object
            || amount.EnumerateObject().Count() != 2
            || Text(amount, "value") is not { } value
            || Text(amount, "currency") is not { } code)
        {
            throw new InvalidValueException(
                "An amount is an object with the texts value and currency, such as {\"value\": \"125.50\", \"currency\": \"EUR\"}.");
        }

        // Withdrawn currencies are allowed: money in an account can be paid out after its currency has left ISO 4217.
        if (!Currency.TryParseEver(code, out var currency))
        {
            throw new InvalidValueException("The currency of an amount is an ISO 4217 code.");
        }

        return Money.TryParse(value, currency, out var money, out var error) ? money : throw new InvalidValueException(error switch
        {
            MoneyError.TooManyDecimals => $"{currency.Code} has {currency.Scale} decimals; amounts are never rounded.",
            MoneyError.Signed => "An amount must not have a sign; the command states the direction.",
            MoneyError.TooLarge => "The amount is larger than this bank can book.",
            _ => "The value of an amount is decimal digits with a point, such as \"125.50\".",
        });
    }

    public override void Write(Utf8JsonWriter writer, Money value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("value"u8, value.ToDecimalString());
        writer.WriteString("currency"u8, value.Currency.Code);
        writer.WriteEndObject();
    }

    private static string? Text(JsonElement amount, string name) =>
        amount.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
}
