using System.Globalization;
using System.Text.Json.Serialization;

namespace Banking.SharedKernel;

/// <summary>
/// An exact amount in minor units of a currency (12550 with scale 2 is 125.50). Arithmetic is checked and never rounds. It throws
/// <see cref="OverflowException"/> beyond 64 bits and <see cref="InvalidOperationException"/> for different currencies.
/// </summary>
/// <param name="Minor">Minor units, signed.</param>
/// <param name="Currency">The currency. Its scale gives the number of digits of the minor unit.</param>
[JsonConverter(typeof(MoneyJsonConverter))]
public readonly record struct Money(long Minor, Currency Currency)
{
    public bool IsZero => Minor == 0;

    public bool IsPositive => Minor > 0;

    public bool IsNegative => Minor < 0;

    /// <summary>The absolute amount. <see cref="OverflowException"/> for the smallest value, which has no positive counterpart.</summary>
    public Money Abs => IsNegative ? -this : this;

    public static Money Zero(Currency currency) => new(0, currency);

    /// <summary>
    /// Parses an unsigned decimal such as <c>125.50</c>: ASCII digits with at most one point between digits. Never rounds and never throws.
    /// <paramref name="error"/> has the reason of a failure.
    /// </summary>
    public static bool TryParse(string? value, Currency currency, out Money money, out MoneyError error)
    {
        error = MoneyText.Parse(value, currency.Scale, out var minor);
        money = error == MoneyError.None ? new(minor, currency) : default;
        return error == MoneyError.None;
    }

    public static Money operator +(Money left, Money right) => new(checked(left.Minor + right.MinorIn(left.Currency)), left.Currency);

    public static Money operator -(Money left, Money right) => new(checked(left.Minor - right.MinorIn(left.Currency)), left.Currency);

    public static Money operator -(Money money) => new(checked(-money.Minor), money.Currency);

    public static bool operator <(Money left, Money right) => left.Minor < right.MinorIn(left.Currency);

    public static bool operator >(Money left, Money right) => left.Minor > right.MinorIn(left.Currency);

    public static bool operator <=(Money left, Money right) => left.Minor <= right.MinorIn(left.Currency);

    public static bool operator >=(Money left, Money right) => left.Minor >= right.MinorIn(left.Currency);

    /// <summary>The amount in major units with all digits of the currency: <c>125.50</c>, <c>-0.05</c>, <c>500</c> for yen.</summary>
    public string ToDecimalString() => MoneyText.Format(Minor, Currency.Scale);

    /// <summary>Amount and code, <c>125.50 EUR</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{ToDecimalString()} {Currency.Code}");

    private long MinorIn(Currency currency) => Currency == currency
        ? Minor
        : throw new InvalidOperationException(
            $"{this} (scale {Currency.Scale}) cannot be combined with {currency.Code} (scale {currency.Scale}).");
}
