using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Banking.Consumer;

/// <summary>An amount. The bank writes decimals as text, so that no reader turns them into floating point numbers.</summary>
public readonly record struct Money([property: JsonNumberHandling(JsonNumberHandling.WriteAsString)] decimal Value, string Currency)
{
    public static Money operator +(Money left, Money right) => left.Currency == right.Currency
        ? left with { Value = left.Value + right.Value }
        : throw new FormatException($"{left} and {right} cannot be added.");

    public static Money operator -(Money money) => money with { Value = -money.Value };

    public static Money Read(JsonElement json) => Read(
        json.GetProperty("value").GetString() ?? "",
        json.GetProperty("currency").GetString() ?? throw new FormatException("An amount has no currency."));

    public static Money Read(string text, string currency)
    {
        // decimal.TryParse silently rounds a number with too many digits. A value that formats to the same text was not rounded.
        return
            decimal.TryParse(
                text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value.ToString(CultureInfo.InvariantCulture) == text
            ? new(value, currency)
            : throw new FormatException($"'{text}' is not an amount.");
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value} {Currency}");
}
