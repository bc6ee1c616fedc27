using System.Globalization;
using Banking.Commands.Decisions;
using Banking.SharedKernel;

namespace Banking.Web.Http;

/// <summary>An amount of money in JSON: a decimal string with its currency, never signed and never rounded.</summary>
/// <param name="Value">Decimal digits with a point, with no more decimals than the currency has: "125.50", JPY "500", KWD "1.234".</param>
/// <param name="Currency">ISO 4217 code.</param>
public sealed record Amount(string Value, string Currency)
{
    /// <summary>Formats an amount or a balance; only a balance may be negative and have a sign.</summary>
    public static Amount Of(Money money) => new(money.ToDecimalString(), money.Currency.Code);

    /// <summary>Formats a sum, which may exceed the largest amount of money.</summary>
    public static Amount Of(MoneySum sum) => new(sum.ToDecimalString(), sum.Currency.Code);

    /// <summary>Formats a sum in minor units, which may exceed the largest amount of money.</summary>
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

    /// <summary>Reads a positive amount of money, or returns its problem.</summary>
    public (Money Money, Refusal? Problem) Read(string pointer, bool zeroAllowed = false)
    {
        // Withdrawn currencies are allowed: money in an account can be paid out after its currency has left ISO 4217.
        if (!SharedKernel.Currency.TryParseEver(Currency, out var currency))
        {
            return (default, Wrong("unknown_currency", $"'{Printable(Currency)}' is not an ISO 4217 currency.", pointer + "/currency"));
        }

        return ReadValue(Value, currency, pointer + "/value", zeroAllowed);
    }

    /// <summary>Reads a value of a known currency.</summary>
    public static (Money Money, Refusal? Problem) ReadValue(string value, Currency currency, string pointer, bool zeroAllowed = false)
    {
        if (!Money.TryParse(value, currency, out var money, out var error))
        {
            return (default, Wrong("invalid_amount", error switch
            {
                MoneyError.TooManyDecimals => $"{currency.Code} has {currency.Scale} decimals; amounts are never rounded.",
                MoneyError.Signed => "An amount must not have a sign; the command states the direction.",
                MoneyError.TooLarge => "The amount is larger than this bank can book.",
                _ => "An amount must be decimal digits with a point, such as \"125.50\".",
            }, pointer));
        }

        return money.IsPositive || (zeroAllowed && money.IsZero)
            ? (money, null)
            : (default, Wrong("amount_not_positive", "The amount must be above zero.", pointer));
    }

    private static Refusal Wrong(string code, string detail, string pointer) =>
        Refusal.Invalid(code, detail, "#" + pointer);

    private static string Printable(string? text) => PlainText.Problem(text, 10) is null ? text! : "?";
}
