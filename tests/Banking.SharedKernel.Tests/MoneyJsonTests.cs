using System.Text.Json;
using CsCheck;

namespace Banking.SharedKernel.Tests;

public sealed class MoneyJsonTests
{
    private sealed record Deposited(Money Amount, Currency Currency);

    private static readonly JsonSerializerOptions AnotherNaming = new() { PropertyNamingPolicy = JsonNamingPolicy.KebabCaseUpper };

    [Fact]
    public void The_stored_form_is_minor_units_code_and_scale()
    {
        var money = new Money(12550, Currency.Parse("EUR"));
        const string stored = """{"minor":12550,"currency":"EUR","scale":2}""";

        Assert.Equal(stored, JsonSerializer.Serialize(money));
        Assert.Equal(stored, JsonSerializer.Serialize(money, AnotherNaming));
        Assert.Equal(money, JsonSerializer.Deserialize<Money>(stored));
    }

    [Fact]
    public void The_stored_scale_overrides_the_table()
    {
        var money = JsonSerializer.Deserialize<Money>("""{"minor":12550,"currency":"EUR","scale":3}""");

        Assert.Equal("12.550 EUR", money.ToString());
        Assert.Equal(Currency.FromStored("EUR", 3), money.Currency);
    }

    [Theory]
    [InlineData("""{"scale":1,"currency":"ZZZ","minor":7}""", "0.7 ZZZ")]
    [InlineData("""{"minor":7,"currency":"BGN"}""", "0.07 BGN")]
    [InlineData("""{"minor":7,"currency":"JPY"}""", "7 JPY")]
    [InlineData("""{"note":{"minor":[1]},"minor":7,"currency":"EUR","scale":2}""", "0.07 EUR")]
    [InlineData("""{"minor":-9223372036854775808,"currency":"EUR","scale":2}""", "-92233720368547758.08 EUR")]
    public void History_is_read_in_any_order_with_unknown_codes_and_additions(string json, string text) =>
        Assert.Equal(text, JsonSerializer.Deserialize<Money>(json).ToString());

    [Theory]
    [InlineData("null")]
    [InlineData("12550")]
    [InlineData("\"125.50 EUR\"")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"minor":1}""")]
    [InlineData("""{"currency":"EUR","scale":2}""")]
    [InlineData("""{"minor":1,"currency":"ZZZ"}""")]
    [InlineData("""{"minor":1,"currency":"eur","scale":2}""")]
    [InlineData("""{"minor":1,"currency":null,"scale":2}""")]
    [InlineData("""{"minor":1,"currency":"EUR","scale":19}""")]
    [InlineData("""{"minor":1,"currency":"EUR","scale":-1}""")]
    [InlineData("""{"minor":1,"currency":"EUR","scale":null}""")]
    [InlineData("""{"minor":1.5,"currency":"EUR","scale":2}""")]
    [InlineData("""{"minor":"1","currency":"EUR","scale":2}""")]
    [InlineData("""{"minor":9223372036854775808,"currency":"EUR","scale":2}""")]
    [InlineData("""{"minor":1,"minor":2,"currency":"EUR","scale":2}""")]
    [InlineData("""{"Minor":1,"currency":"EUR","scale":2}""")]
    public void JSON_that_could_mean_another_amount_is_refused(string json) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Money>(json));

    [Fact]
    public void Money_without_a_currency_is_not_stored() =>
        Assert.Throws<JsonException>(() => JsonSerializer.Serialize(default(Money)));

    [Fact]
    public void Every_amount_survives_JSON_inside_an_event() =>
        Gen.Select(Gen.Long, Gen.OneOf("JPY", "EUR", "KWD", "CLF")).Sample((minor, code) =>
        {
            var currency = Currency.Parse(code);
            var stored = new Deposited(new(minor, currency), currency);
            Assert.Equal(stored, JsonSerializer.Deserialize<Deposited>(JsonSerializer.Serialize(stored)));
        });

    [Fact]
    public void Every_stored_scale_survives_JSON() =>
        Gen.Select(Gen.Long, Gen.Int[0, 18], Gen.Char['A', 'Z'].Array[3]).Sample((minor, scale, code) =>
        {
            var money = new Money(minor, Currency.FromStored(new string(code), scale));
            Assert.Equal(money, JsonSerializer.Deserialize<Money>(JsonSerializer.Serialize(money)));
        });
}
