using System.Globalization;
using Banking.Commands.Decisions;
using Banking.SharedKernel;

namespace Banking.Web.Http;

/// <summary>Money on the wire: a decimal string with its currency, never signed and never rounded.</summary>
/// <param name="Value">Decimal digits with a point, no more decimals than the currency has: "125.50", JPY "500", KWD "1.234".</param>
/// <param name="Currency">ISO 4217 code.</param>
public sealed record Amount(string Value, string Currency)
{
    /// <summary>A balance may be below zero; only there the value carries a sign.</summary>
    public static Amount Of(Money money) => new(money.ToDecimalString(), money.Currency.Code);

    /// <summary>A sum, which may be more than an amount of money can be.</summary>
    public static Amount Of(MoneySum sum) => new(sum.ToDecimalString(), sum.Currency.Code);

    /// <summary>A sum in minor units, which may be more than an amount of money can be.</summary>
    public static Amount OfMinor(decimal minor, Currency currency)
    {
        var major = minor;
        for (var i = 0; i < currency.Scale; i++)
        {
            // Exact: only the decimal point moves.
            major /= 10;
        }

        return new(
            major.ToString("F" + currency.Scale.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture), currency.Code);
    }

    /// <summary>A positive amount of money, or what is wrong with it.</summary>
    public (Money Money, Refusal? Problem) Read(string pointer, bool zeroAllowed = false)
    {
        // Withdrawn ones too: what is in an account can be paid out after its currency has left ISO 4217.
        if (!SharedKernel.Currency.TryParseEver(Currency, out var currency))
        {
            return (default, Wrong("unknown_currency", $"'{Printable(Currency)}' is not an ISO 4217 currency.", pointer + "/currency"));
        }

        return ReadValue(Value, currency, pointer + "/value", zeroAllowed);
    }

    /// <summary>A value whose currency is known from elsewhere.</summary>
    public static (Money Money, Refusal? Problem) ReadValue(string value, Currency currency, string pointer, bool zeroAllowed = false)
    {
        if (!Money.TryParse(value, currency, out var money, out var error))
        {
            return (default, Wrong("invalid_amount", error switch
            {
                MoneyError.TooManyDecimals => $"{currency.Code} has {currency.Scale} decimals; amounts are never rounded.",
                MoneyError.Signed => "An amount carries no sign; the direction is in the command.",
                MoneyError.TooLarge => "The amount is larger than this bank can book.",
                _ => "An amount is decimal digits with a point, such as \"125.50\".",
            }, pointer));
        }

        return money.IsPositive || (zeroAllowed && money.IsZero)
            ? (money, null)
            : (default, Wrong("amount_not_positive", "The amount must be above zero.", pointer));
    }

    private static Refusal Wrong(string code, string detail, string pointer) =>
        Problems.Malformed(code, detail, "#" + pointer, status: 422);

    private static string Printable(string? text) => PlainText.Problem(text, 10) is null ? text! : "?";
}
