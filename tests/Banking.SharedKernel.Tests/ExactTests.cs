namespace Banking.SharedKernel.Tests;

/// <summary>Each value has one spelling. Other spellings that the framework accepts are refused.</summary>
public sealed class ExactTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("42", 42)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void A_number_is_ASCII_digits(string text, long number)
    {
        Assert.True(Exact.TryNumber(text, out long read));
        Assert.Equal(number, read);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("+1")]
    [InlineData("-1")]
    [InlineData("1.0")]
    [InlineData("1,000")]
    [InlineData("1e3")]
    [InlineData("0x10")]
    [InlineData("1\0")]
    [InlineData("1\0\0")]
    [InlineData("\01")]
    [InlineData("1\n")]
    [InlineData("1\u200b")]
    [InlineData("٣")]
    [InlineData("１")]
    [InlineData("9223372036854775808")]
    public void Nothing_else_is_a_number(string? text)
    {
        Assert.False(Exact.TryNumber(text, out var number));
        Assert.Equal(0, number);
        Assert.False(Exact.TryInt(text, out var small));
        Assert.Equal(0, small);
    }

    [Fact]
    public void A_number_that_does_not_fit_is_refused()
    {
        Assert.True(Exact.TryInt("2147483647", out var largest));
        Assert.Equal(int.MaxValue, largest);
        Assert.False(Exact.TryInt("2147483648", out _));
    }

    [Theory]
    [InlineData("2026-02-30")]
    [InlineData("2026-2-3")]
    [InlineData("2026-11-17\0")]
    [InlineData(" 2026-11-17")]
    [InlineData("2026-11-1٣")]
    [InlineData("2026/11/17")]
    [InlineData("+026-11-17")]
    [InlineData(null)]
    public void A_day_is_ten_characters(string? text)
    {
        Assert.False(Exact.TryDay(text, out _));
        Assert.True(Exact.TryDay("2026-11-17", out var day));
        Assert.Equal(new DateOnly(2026, 11, 17), day);
    }

    [Theory]
    [InlineData("0198F000000070008000000000000001")]
    [InlineData("0198f000-0000-7000-8000-000000000001")]
    [InlineData(" 0198f000000070008000000000000001")]
    [InlineData("0198f000000070008000000000000001\0")]
    [InlineData("0198f00000007000800000000000000٣")]
    [InlineData(null)]
    public void An_id_is_32_lower_case_digits(string? text)
    {
        Assert.False(Exact.TryId(text, out _));
        Assert.True(Exact.TryId("0198f000000070008000000000000001", out var id));
        Assert.Equal(new Guid("0198f000-0000-7000-8000-000000000001"), id);
    }
}
