using CsCheck;

namespace Banking.SharedKernel.Tests;

public sealed class MoneyTests
{
    private static readonly Currency Eur = Currency.Parse("EUR");
    private static readonly Currency Jpy = Currency.Parse("JPY");
    private static readonly Money Most = new(long.MaxValue, Eur);
    private static readonly Money Least = new(long.MinValue, Eur);
    private static readonly Money Cent = new(1, Eur);

    // Amounts whose sums fit. Small ones are frequent, so that two are often equal.
    private static readonly Gen<long> Half = Gen.OneOf<long>(Gen.Long[-1L << 62, (1L << 62) - 1], Gen.Long[-1, 1]);

    [Fact]
    public void Arithmetic_is_exact()
    {
        Assert.Equal(new(30, Eur), new Money(10, Eur) + new Money(20, Eur));
        Assert.Equal(new(-10, Eur), new Money(10, Eur) - new Money(20, Eur));
        Assert.Equal(new(-10, Eur), -new Money(10, Eur));
        Assert.Equal(new(10, Eur), new Money(-10, Eur).Abs);
        Assert.Equal(new(10, Eur), new Money(10, Eur).Abs);
        Assert.Equal(new(0, Eur), Money.Zero(Eur));
    }

    [Theory]
    [InlineData(-1, false, false, true)]
    [InlineData(0, true, false, false)]
    [InlineData(1, false, true, false)]
    public void An_amount_has_a_sign(long minor, bool zero, bool positive, bool negative)
    {
        var money = new Money(minor, Eur);
        Assert.Equal((zero, positive, negative), (money.IsZero, money.IsPositive, money.IsNegative));
    }

    [Fact]
    public void Overflow_throws_instead_of_wrapping_around()
    {
        Assert.Throws<OverflowException>(() => Most + Cent);
        Assert.Throws<OverflowException>(() => Least - Cent);
        Assert.Throws<OverflowException>(() => -Least);
        Assert.Throws<OverflowException>(() => Least.Abs);
        Assert.Equal(Most, Most - Money.Zero(Eur));
    }

    [Fact]
    public void Different_currencies_cannot_be_combined()
    {
        Money[] strangers = [new(1, Jpy), new(1, Currency.FromStored("EUR", 3)), default];
        foreach (var other in strangers)
        {
            Assert.Throws<InvalidOperationException>(() => Cent + other);
            Assert.Throws<InvalidOperationException>(() => Cent - other);
            Assert.Throws<InvalidOperationException>(() => Cent < other);
            Assert.Throws<InvalidOperationException>(() => Cent > other);
            Assert.Throws<InvalidOperationException>(() => Cent <= other);
            Assert.Throws<InvalidOperationException>(() => Cent >= other);
            Assert.NotEqual(Cent, other);
        }
    }

    [Fact]
    public void Addition_agrees_with_unbounded_integers_or_throws() =>
        Gen.Select(Gen.Long, Gen.Long).Sample((a, b) =>
        {
            var expected = (Int128)a + b;
            var fits = expected >= long.MinValue && expected <= long.MaxValue;
            return fits
                ? (new Money(a, Eur) + new Money(b, Eur)).Minor == expected
                : Assert.Throws<OverflowException>(() => new Money(a, Eur) + new Money(b, Eur)) is not null;
        });

    [Fact]
    public void Subtraction_undoes_addition_and_order_is_that_of_minor_units() =>
        Gen.Select(Half, Half).Sample((a, b) =>
        {
            var (left, right) = (new Money(a, Eur), new Money(b, Eur));
            Assert.Equal(left, left + right - right);
            Assert.Equal(left, -(-left));
            Assert.Equal(a < b, left < right);
            Assert.Equal(a > b, left > right);
            Assert.Equal(a <= b, left <= right);
            Assert.Equal(a >= b, left >= right);
        });
}
