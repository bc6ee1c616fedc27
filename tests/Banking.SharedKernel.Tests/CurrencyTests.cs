using System.Text.Json;

namespace Banking.SharedKernel.Tests;

public sealed class CurrencyTests
{
    [Theory]
    [InlineData("JPY", 0)]
    [InlineData("XAF", 0)]
    [InlineData("UYI", 0)]
    [InlineData("ISK", 0)]
    [InlineData("EUR", 2)]
    [InlineData("XCG", 2)]
    [InlineData("ZWG", 2)]
    [InlineData("MGA", 2)]
    [InlineData("KWD", 3)]
    [InlineData("TND", 3)]
    [InlineData("CLF", 4)]
    [InlineData("UYW", 4)]
    public void A_currency_has_the_minor_unit_of_ISO_4217(string code, int scale)
    {
        var currency = Currency.Parse(code);

        Assert.Equal((code, scale), (currency.Code, currency.Scale));
        Assert.Equal(code, currency.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("eur")]
    [InlineData("Eur")]
    [InlineData("EU")]
    [InlineData("EURO")]
    [InlineData(" EUR")]
    [InlineData("EUR\n")]
    [InlineData("ZZZ")]
    [InlineData("978")]
    [InlineData("ＥＵＲ")]
    [InlineData("XAU")]
    [InlineData("XDR")]
    [InlineData("XAD")]
    [InlineData("XTS")]
    [InlineData("XXX")]
    [InlineData("BGN")]
    [InlineData("HRK")]
    public void Anything_else_is_no_active_currency(string? code)
    {
        Assert.False(Currency.TryParse(code, out var currency));
        Assert.Equal(default, currency);
        var refused = Assert.Throws<FormatException>(() => Currency.Parse(code!));
        Assert.StartsWith($"'{code}' is not an active ISO 4217 currency", refused.Message, StringComparison.Ordinal);
    }

    // Counts of list one: 178 codes, of which 14 begin with X and are not money.
    [Fact]
    public void The_table_is_list_one_of_2026_without_codes_that_are_no_money()
    {
        Assert.Equal(178 - 14, CurrencyTable.ActiveCodes.Count());
        Assert.All(CurrencyTable.ActiveCodes, code => Assert.Matches("^[A-Z]{3}$", code));
        Assert.Equal(["XAF", "XCD", "XCG", "XOF", "XPF"], CurrencyTable.ActiveCodes.Where(code => code[0] == 'X').Order());
        Assert.Equal(
            [(0, 17), (2, 138), (3, 7), (4, 2)],
            CurrencyTable.ActiveCodes.GroupBy(code => Currency.Parse(code).Scale).Select(g => (g.Key, g.Count())).Order());
    }

    [Fact]
    public void Every_storable_code_survives_JSON_as_a_plain_string()
    {
        foreach (var code in CurrencyTable.ActiveCodes.Concat(CurrencyTable.WithdrawnCodes))
        {
            var currency = JsonSerializer.Deserialize<Currency>($"\"{code}\"");

            Assert.Equal(code, currency.Code);
            Assert.Equal($"\"{code}\"", JsonSerializer.Serialize(currency));
        }

        Assert.Equal(["ANG", "BGN", "CUC", "HRK", "SLL", "ZWL"], CurrencyTable.WithdrawnCodes.Order());
    }

    [Theory]
    [InlineData("\"ZZZ\"")]
    [InlineData("\"eur\"")]
    [InlineData("\"\"")]
    [InlineData("null")]
    [InlineData("978")]
    [InlineData("{}")]
    public void JSON_of_anything_else_is_refused(string json) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Currency>(json));

    [Fact]
    public void A_currency_with_another_scale_than_the_table_is_not_written_as_a_code()
    {
        Assert.Throws<JsonException>(() => JsonSerializer.Serialize(Currency.FromStored("EUR", 3)));
        Assert.Throws<JsonException>(() => JsonSerializer.Serialize(default(Currency)));
    }

    [Fact]
    public void A_stored_currency_equals_the_listed_one_only_with_the_same_scale()
    {
        Assert.Equal(Currency.Parse("EUR"), Currency.FromStored("EUR", 2));
        Assert.NotEqual(Currency.Parse("EUR"), Currency.FromStored("EUR", 3));
        Assert.Equal(("ZZZ", 18), (Currency.FromStored("ZZZ", 18).Code, Currency.FromStored("ZZZ", 18).Scale));
    }

    [Theory]
    [InlineData("EUR", -1)]
    [InlineData("EUR", 19)]
    [InlineData("eur", 2)]
    [InlineData("EURO", 2)]
    [InlineData("", 2)]
    [InlineData("É12", 2)]
    public void A_stored_currency_still_needs_three_letters_and_a_possible_scale(string code, int scale) =>
        Assert.Throws<ArgumentException>(() => Currency.FromStored(code, scale));

    [Fact]
    public void The_empty_currency_prints_nothing()
    {
        Assert.Equal("", default(Currency).Code);
        Assert.Equal("", default(Currency).ToString());
    }
}
