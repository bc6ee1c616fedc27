using System.Globalization;

namespace Banking.SharedKernel;

/// <summary>
/// A sum of several movements or balances, in minor units of one currency. Every booking keeps its balance within 64 bits, but a sum over
/// many balances may exceed them, so it has 128. Sums are never stored. Arithmetic is checked.
/// </summary>
/// <param name="Minor">Minor units, signed.</param>
/// <param name="Currency">The currency of all amounts in the sum.</param>
public readonly record struct MoneySum(Int128 Minor, Currency Currency)
{
    public static MoneySum Of(Money money) => new(money.Minor, money.Currency);

    public static MoneySum Zero(Currency currency) => new(0, currency);

    /// <summary>
    /// Parses a decimal such as <c>-125.50</c>: as <see cref="Money.TryParse"/> does, but with an optional minus and up to 30 digits.
    /// </summary>
    public static bool TryParse(string? value, Currency currency, out MoneySum sum)
    {
        var isNegative = value is ['-', ..];
        var isNumber = MoneyText.TryParse(isNegative ? value.AsSpan(1) : value, currency.Scale, out var minor);
        sum = new(isNegative ? -minor : minor, currency);
        return isNumber;
    }

    public static MoneySum operator +(MoneySum left, MoneySum right) =>
        new(checked(left.Minor + right.MinorIn(left.Currency)), left.Currency);

    public static MoneySum operator -(MoneySum left, MoneySum right) =>
        new(checked(left.Minor - right.MinorIn(left.Currency)), left.Currency);

    public static MoneySum operator +(MoneySum left, Money right) => left + Of(right);

    public static MoneySum operator -(MoneySum left, Money right) => left - Of(right);

    public static MoneySum operator *(MoneySum sum, int times) => new(checked(sum.Minor * times), sum.Currency);

    /// <summary>Converts to an amount. <see cref="OverflowException"/> if the sum exceeds 64 bits.</summary>
    public Money ToMoney() => new(checked((long)Minor), Currency);

    /// <summary>The sum in major units with all digits of the currency.</summary>
    public string ToDecimalString() => MoneyText.Format(Minor, Currency.Scale);

    /// <summary>Sum and code.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{ToDecimalString()} {Currency.Code}");

    private Int128 MinorIn(Currency currency) => Currency == currency
        ? Minor
        : throw new InvalidOperationException(
            $"{this} (scale {Currency.Scale}) cannot be combined with {currency.Code} (scale {currency.Scale}).");
}
