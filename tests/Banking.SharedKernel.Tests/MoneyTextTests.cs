using System.Numerics;
using CsCheck;

namespace Banking.SharedKernel.Tests;

public sealed class MoneyTextTests
{
    private static readonly Gen<Currency> Scales =
        Gen.OneOf(Currency.Parse("JPY"), Currency.Parse("EUR"), Currency.Parse("KWD"), Currency.Parse("CLF"));

    [Theory]
    [InlineData(12550, "EUR", "125.50")]
    [InlineData(-5, "EUR", "-0.05")]
    [InlineData(0, "EUR", "0.00")]
    [InlineData(99, "EUR", "0.99")]
    [InlineData(-100, "EUR", "-1.00")]
    [InlineData(500, "JPY", "500")]
    [InlineData(0, "JPY", "0")]
    [InlineData(1234, "KWD", "1.234")]
    [InlineData(1, "CLF", "0.0001")]
    [InlineData(long.MaxValue, "EUR", "92233720368547758.07")]
    [InlineData(long.MinValue, "EUR", "-92233720368547758.08")]
    [InlineData(long.MinValue, "JPY", "-9223372036854775808")]
    public void An_amount_is_written_with_all_digits_of_its_currency(long minor, string code, string text)
    {
        var money = new Money(minor, Currency.Parse(code));
        Assert.Equal(text, money.ToDecimalString());
        Assert.Equal($"{text} {code}", money.ToString());
    }

    [Fact]
    public void A_stored_scale_of_eighteen_is_written_too() =>
        Assert.Equal("-9.223372036854775808", new Money(long.MinValue, Currency.FromStored("ZZZ", 18)).ToDecimalString());

    [Theory]
    [InlineData("125.50", "EUR", 12550)]
    [InlineData("125.5", "EUR", 12550)]
    [InlineData("125", "EUR", 12500)]
    [InlineData("0", "EUR", 0)]
    [InlineData("0.00", "EUR", 0)]
    [InlineData("007.50", "EUR", 750)]
    [InlineData("500", "JPY", 500)]
    [InlineData("1.234", "KWD", 1234)]
    [InlineData("0.0001", "CLF", 1)]
    [InlineData("92233720368547758.07", "EUR", long.MaxValue)]
    [InlineData("9223372036854775807", "JPY", long.MaxValue)]
    public void Plain_digits_are_read_exactly(string text, string code, long minor)
    {
        var currency = Currency.Parse(code);
        Assert.True(Money.TryParse(text, currency, out var money, out var error));
        Assert.Equal((new(minor, currency), MoneyError.None), (money, error));
    }

    [Theory]
    [InlineData(null, "EUR", MoneyError.NotANumber)]
    [InlineData("", "EUR", MoneyError.NotANumber)]
    [InlineData(" ", "EUR", MoneyError.NotANumber)]
    [InlineData(" 1", "EUR", MoneyError.NotANumber)]
    [InlineData("1 ", "EUR", MoneyError.NotANumber)]
    [InlineData("1\n", "EUR", MoneyError.NotANumber)]
    [InlineData("1 000", "EUR", MoneyError.NotANumber)]
    [InlineData("1,000", "EUR", MoneyError.NotANumber)]
    [InlineData("1,5", "EUR", MoneyError.NotANumber)]
    [InlineData("1.000.00", "EUR", MoneyError.NotANumber)]
    [InlineData("1..0", "EUR", MoneyError.NotANumber)]
    [InlineData(".5", "EUR", MoneyError.NotANumber)]
    [InlineData("5.", "EUR", MoneyError.NotANumber)]
    [InlineData(".", "EUR", MoneyError.NotANumber)]
    [InlineData("1e3", "EUR", MoneyError.NotANumber)]
    [InlineData("1E3", "EUR", MoneyError.NotANumber)]
    [InlineData("0x10", "EUR", MoneyError.NotANumber)]
    [InlineData("NaN", "EUR", MoneyError.NotANumber)]
    [InlineData("Infinity", "EUR", MoneyError.NotANumber)]
    [InlineData("1_000", "EUR", MoneyError.NotANumber)]
    [InlineData("€1", "EUR", MoneyError.NotANumber)]
    [InlineData("١٢", "EUR", MoneyError.NotANumber)]
    [InlineData("１", "EUR", MoneyError.NotANumber)]
    [InlineData("\u22121", "EUR", MoneyError.NotANumber)]
    [InlineData("(1)", "EUR", MoneyError.NotANumber)]
    [InlineData("1-", "EUR", MoneyError.NotANumber)]
    [InlineData("-", "EUR", MoneyError.NotANumber)]
    [InlineData("--1", "EUR", MoneyError.NotANumber)]
    [InlineData("-x", "EUR", MoneyError.NotANumber)]
    [InlineData("1\0", "EUR", MoneyError.NotANumber)]
    [InlineData("-1", "EUR", MoneyError.Signed)]
    [InlineData("+1", "EUR", MoneyError.Signed)]
    [InlineData("-0", "EUR", MoneyError.Signed)]
    [InlineData("-1.005", "EUR", MoneyError.Signed)]
    [InlineData("1.005", "EUR", MoneyError.TooManyDecimals)]
    [InlineData("1.000", "EUR", MoneyError.TooManyDecimals)]
    [InlineData("1.00", "JPY", MoneyError.TooManyDecimals)]
    [InlineData("1.0", "JPY", MoneyError.TooManyDecimals)]
    [InlineData("1.2345", "KWD", MoneyError.TooManyDecimals)]
    [InlineData("92233720368547758.08", "EUR", MoneyError.TooLarge)]
    [InlineData("92233720368547759", "EUR", MoneyError.TooLarge)]
    [InlineData("9223372036854775808", "JPY", MoneyError.TooLarge)]
    [InlineData("9999999999999999999999999999999", "EUR", MoneyError.TooLarge)]
    [InlineData("9999999999999999999999999999999", "JPY", MoneyError.TooLarge)]
    public void Everything_else_is_refused_with_its_error(string? text, string code, MoneyError expected)
    {
        Assert.False(Money.TryParse(text, Currency.Parse(code), out var money, out var error));
        Assert.Equal((default, expected), (money, error));
    }

    [Fact]
    public void What_is_written_is_read_back() =>
        Gen.Select(Gen.Long[0, long.MaxValue], Scales).Sample((minor, currency) =>
        {
            var money = new Money(minor, currency);
            Assert.True(Money.TryParse(money.ToDecimalString(), currency, out var read, out _));
            Assert.Equal(money, read);
        });

    [Fact]
    public void What_is_written_is_the_minor_units_divided_by_the_scale() =>
        Gen.Select(Gen.Long, Scales).Sample((minor, currency) =>
        {
            var text = new Money(minor, currency).ToDecimalString();
            Assert.Equal(currency.Scale == 0 ? -1 : text.Length - currency.Scale - 1, text.IndexOf('.', StringComparison.Ordinal));
            Assert.Equal(new BigInteger(minor), BigInteger.Parse(text.Replace(".", "", StringComparison.Ordinal), null));
        });

    // The characters of numbers, so that near misses are common.
    [Fact]
    public void Any_text_gets_a_result_and_only_plain_digits_a_yes() =>
        Gen.Select(
            Gen.OneOf<string>(Gen.Char["0123456789.-+ eE,\n٣"].Array[0, 24].Select(c => new string(c)), Gen.String),
            Scales).Sample((text, currency) =>
        {
            var parsed = Money.TryParse(text, currency, out var money, out var error);
            var plain = System.Text.RegularExpressions.Regex.IsMatch(text, @"\A[0-9]+(\.[0-9]+)?\z");
            Assert.Equal(parsed, error == MoneyError.None);
            Assert.True(parsed ? plain && money.Currency == currency : money == default);
            Assert.Equal(plain, error is MoneyError.None or MoneyError.TooManyDecimals or MoneyError.TooLarge);
        });
}
