using System.Globalization;

namespace Banking.SharedKernel;

/// <summary>
/// A sum of several movements or balances, in minor units of one currency. One balance fits in 64 bits because every booking is held to
/// that; a sum over many is held to nothing, so it has 128. It is answered, never stored. Arithmetic is checked.
/// </summary>
/// <param name="Minor">Minor units, signed.</param>
/// <param name="Currency">The currency of all that is in it.</param>
public readonly record struct MoneySum(Int128 Minor, Currency Currency)
{
    /// <summary>The sum of one amount.</summary>
    public static MoneySum Of(Money money) => new(money.Minor, money.Currency);

    /// <summary>The sum of nothing.</summary>
    public static MoneySum Zero(Currency currency) => new(0, currency);

    public static MoneySum operator +(MoneySum left, MoneySum right) =>
        new(checked(left.Minor + right.MinorIn(left.Currency)), left.Currency);

    public static MoneySum operator -(MoneySum left, MoneySum right) =>
        new(checked(left.Minor - right.MinorIn(left.Currency)), left.Currency);

    public static MoneySum operator +(MoneySum left, Money right) => left + Of(right);

    public static MoneySum operator -(MoneySum left, Money right) => left - Of(right);

    /// <summary>The sum so many times.</summary>
    public static MoneySum operator *(MoneySum sum, int times) => new(checked(sum.Minor * times), sum.Currency);

    /// <summary>As an amount of money; <see cref="OverflowException"/> where it is more than one can be.</summary>
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
