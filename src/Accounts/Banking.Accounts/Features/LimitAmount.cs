using System.Text.Json;
using System.Text.Json.Serialization;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.SharedKernel;
using Banking.Web.Http;
using Banking.Web.OpenApi;

namespace Banking.Accounts.Features;

/// <summary>
/// An overdraft limit in a request: money in the account's currency, zero or more. A decimal string without a currency, which requests had
/// before, is accepted too.
/// </summary>
/// <param name="Currency">Null if only the value was given.</param>
[JsonConverter(typeof(LimitAmountConverter))]
[DescribedAs(typeof(Amount))]
public sealed record LimitAmount(string Value, string? Currency)
{
    /// <summary>The refusal of a limit in another currency than the account's; null if it fits.</summary>
    internal Refusal? CurrencyProblem(Currency account, string pointer) =>
        Currency is null || Currency == account.Code ? null
        : !SharedKernel.Currency.TryParseEver(Currency, out _)
            ? Refusal.Invalid("unknown_currency", "The currency of the limit is not an ISO 4217 currency.", pointer + "/currency")
        : Refusal.Invalid("currency_mismatch", "The overdraft limit must be in the account's currency.", pointer);

    /// <summary>The place of the value in the request.</summary>
    internal string ValuePointer(string pointer) => Currency is null ? pointer : pointer + "/value";
}

internal sealed class LimitAmountConverter : JsonConverter<LimitAmount>
{
    public override LimitAmount Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return new(reader.GetString()!, null);
        }

        var money = JsonElement.ParseValue(ref reader);
        return money.ValueKind == JsonValueKind.Object
            && money.EnumerateObject().Count() == 2
            && Text(money, "value") is { } value
            && Text(money, "currency") is { } currency
                ? new(value, currency)
                : throw new InvalidValueException(
                    "A limit is an object with the texts value and currency, such as {\"value\": \"500.00\", \"currency\": \"EUR\"}.");
    }

    public override void Write(Utf8JsonWriter writer, LimitAmount value, JsonSerializerOptions options)
    {
        if (value.Currency is null)
        {
            writer.WriteStringValue(value.Value);
        }
        else
        {
            JsonSerializer.Serialize(writer, new Amount(value.Value, value.Currency), options);
        }
    }

    private static string? Text(JsonElement money, string name) =>
        money.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
}
