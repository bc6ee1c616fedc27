namespace Banking.SharedKernel.Tests;

public sealed class MoneySumTests
{
    private static readonly Currency Euro = Currency.Parse("EUR");

    [Fact]
    public void A_sum_can_exceed_64_bits()
    {
        var largest = new Money(long.MaxValue, Euro);

        Assert.Equal("184467440737095516.14", (MoneySum.Of(largest) + largest).ToDecimalString());
        Assert.Equal("-92233720368547758.07", (MoneySum.Zero(Euro) - largest).ToDecimalString());
        Assert.Equal("922337203685477580700.00 EUR", (MoneySum.Of(largest) * 10_000).ToString());
        Assert.Equal(MoneySum.Zero(Euro), MoneySum.Of(largest) + largest - MoneySum.Of(largest) - largest);
    }

    [Theory]
    [InlineData("JPY", "-170141183460469231731687303715884105728")]
    [InlineData("EUR", "-1701411834604692317316873037158841057.28")]
    [InlineData("CLF", "-17014118346046923173168730371588410.5728")]
    public void Even_the_smallest_is_written_in_the_digits_of_its_currency(string currency, string text) =>
        Assert.Equal(text, new MoneySum(Int128.MinValue, Currency.Parse(currency)).ToDecimalString());

    [Fact]
    public void An_overflowing_sum_is_refused_instead_of_wrapping_around()
    {
        Assert.Throws<OverflowException>(() => new MoneySum(Int128.MaxValue, Euro) + new Money(1, Euro));
        Assert.Throws<OverflowException>(() => new MoneySum(Int128.MinValue, Euro) - new Money(1, Euro));
        Assert.Throws<InvalidOperationException>(() => MoneySum.Zero(Euro) + new Money(1, Currency.Parse("JPY")));
        Assert.Throws<OverflowException>(() => new MoneySum((Int128)long.MaxValue + 1, Euro).ToMoney());
        Assert.Equal(new Money(long.MinValue, Euro), new MoneySum(long.MinValue, Euro).ToMoney());
    }
}
