using CsCheck;

namespace Banking.SharedKernel.Tests;

public sealed class AccountNumberTests
{
    private static readonly AccountNumber German = AccountNumber.Parse("DE89370400440532013000");

    // Published examples of the registry, in print form.
    [Theory]
    [InlineData("DE89 3704 0044 0532 0130 00")]
    [InlineData("GB29 NWBK 6016 1331 9268 19")]
    [InlineData("NO93 8601 1117 947")]
    [InlineData("MT84 MALT 0110 0001 2345 MTLC AST0 01S")]
    [InlineData("LC55 HEMM 0001 0001 0012 0012 0002 3015")]
    [InlineData("FR14 2004 1010 0505 0001 3M02 606")]
    [InlineData("BR18 0036 0305 0000 1000 9795 493C 1")]
    [InlineData("XK05 1212 0123 4567 8906")]
    [InlineData("MK07 2501 2000 0058 984")]
    [InlineData("SC18 SSCB 1101 0000 0000 0000 1497 USD")]
    public void Published_examples_are_read_and_grouped_again(string printed)
    {
        var number = AccountNumber.Parse(printed);

        Assert.Equal(printed.Replace(" ", "", StringComparison.Ordinal), number.Value);
        Assert.Equal(printed, number.Grouped);
        Assert.Equal(number.Value, number.ToString());
    }

    [Theory]
    [InlineData("de89370400440532013000")]
    [InlineData(" DE89 3704 0044 0532 0130 00 ")]
    [InlineData("De8937 0400440532 013000")]
    public void Spaces_and_lower_case_are_normalised(string text) => Assert.Equal(German, AccountNumber.Parse(text));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("DE")]
    [InlineData("DE88370400440532013000")]
    [InlineData("DE8937040044053201300")]
    [InlineData("DE893704004405320130000")]
    [InlineData("DE89-3704-0044-0532-0130-00")]
    [InlineData("DE89\t3704 0044 0532 0130 00")]
    [InlineData("DE89370400440532013000\n")]
    [InlineData("DE8937040044053201300٠")]
    [InlineData("ＤＥ89370400440532013000")]
    [InlineData("D089370400440532013000")]
    [InlineData("8E89370400440532013000")]
    [InlineData("DEA9370400440532013000")]
    [InlineData("DE89370400440532013000DE89370400440532013000")]
    public void Anything_else_is_refused(string? text)
    {
        Assert.False(AccountNumber.TryParse(text, out var number));
        Assert.Equal(default, number);
        Assert.Throws<FormatException>(() => AccountNumber.Parse(text!));
    }

    // Their check digits are right, so only the country rule can refuse them.
    [Theory]
    [InlineData("US", "00000000000")]
    [InlineData("ZZ", "00000000000000000000")]
    [InlineData("AA", "00000000000000000000")]
    [InlineData("DE", "00000000000000000")]
    [InlineData("DE", "0000000000000000000")]
    [InlineData("XK", "00000000000")]
    [InlineData("XB", "0000000000")]
    [InlineData("XB", "0000000000000000000000000000000")]
    public void A_country_without_a_registered_length_or_with_another_one_is_refused(string country, string bban)
    {
        var check = Enumerable.Range(2, 97).Select(digits => $"{country}{digits:00}{bban}").Single(HasRemainderOne);

        Assert.False(AccountNumber.TryParse(check, out _));
        Assert.Throws<ArgumentException>(() => AccountNumber.Create(country, bban));
    }

    // Their check digits are right, so only the structure of the country can refuse them.
    [Theory]
    [InlineData("DE", "37040044053201300A")]
    [InlineData("GB", "123460161331926819")]
    [InlineData("GB", "NWBK6016133192681A")]
    [InlineData("NL", "1234041716430A")]
    [InlineData("FR", "A0041010050500013M02606")]
    [InlineData("MT", "1234011000012345MTLCAST001S")]
    [InlineData("NO", "8601111794A")]
    public void A_letter_where_the_country_has_a_digit_or_a_digit_where_it_has_a_letter_is_refused(string country, string bban)
    {
        var text = Enumerable.Range(2, 97).Select(digits => $"{country}{digits:00}{bban}").Single(HasRemainderOne);

        Assert.False(AccountNumber.TryParse(text, out var number));
        Assert.Equal(default, number);
        Assert.Throws<ArgumentException>(() => AccountNumber.Create(country, bban));
    }

    [Fact]
    public void The_number_of_an_account_opened_before_structure_checks_is_still_parsed_as_stored()
    {
        const string wrong = "DE0537040044053201300A";
        var text = Enumerable.Range(2, 97).Select(digits => $"DE{digits:00}{wrong[4..]}").Single(HasRemainderOne);

        Assert.True(AccountNumber.TryParseStored(text.ToLowerInvariant(), out var number));
        Assert.Equal(text, number.Value);
        Assert.Equal(number, System.Text.Json.JsonSerializer.Deserialize<AccountNumber>($"\"{text}\""));
        Assert.False(AccountNumber.TryParseStored(text[..^1] + "B", out _));
    }

    [Theory]
    [InlineData("XA", 11)]
    [InlineData("XB", 16)]
    [InlineData("XZ", 30)]
    public void Codes_left_to_users_have_any_length_from_15_to_34(string country, int length) =>
        Assert.Equal(length + 4, AccountNumber.Create(country, new string('7', length)).Value.Length);

    [Theory]
    [InlineData("d1", "00000000000")]
    [InlineData("xb", "00000000000")]
    [InlineData("X", "B00000000000")]
    [InlineData("XB0", "0000000000")]
    [InlineData("XB", "0000000000a")]
    [InlineData("XB", "0000 0000 000")]
    [InlineData("XB", "0000-0000000")]
    [InlineData("", "")]
    public void Create_wants_electronic_form(string country, string bban) =>
        Assert.Throws<ArgumentException>(() => AccountNumber.Create(country, bban));

    // 00, 01 and 99 leave the remainders of 97, 98 and 02: each account would have a second number.
    [Fact]
    public void Check_digits_that_ISO_7064_never_produces_are_refused()
    {
        var doubles = Gen.Int[0, 999_999].Select(n => $"{n:00000000000}");
        var seen = new HashSet<string>();
        doubles.Sample(bban =>
        {
            var digits = AccountNumber.Create("XB", bban).Value[2..4];
            var alias = digits switch { "97" => "00", "98" => "01", "02" => "99", _ => null };
            if (alias is not null)
            {
                Assert.True(HasRemainderOne($"XB{alias}{bban}"));
                Assert.False(AccountNumber.TryParse($"XB{alias}{bban}", out _));
                lock (seen)
                {
                    seen.Add(alias);
                }
            }
        });
        Assert.Equal(["00", "01", "99"], seen.Order());
    }

    [Theory]
    [InlineData("DE", 22)]
    [InlineData("NO", 15)]
    [InlineData("RU", 33)]
    [InlineData("XK", 20)]
    [InlineData("BE", 16)]
    [InlineData("LC", 32)]
    public void The_registry_gives_each_country_one_length(string country, int length) =>
        Assert.Equal(length, IbanRegistry.LengthOf(country));

    [Fact]
    public void The_registry_holds_possible_lengths_only()
    {
        Assert.Equal(89, IbanRegistry.All.Count());
        Assert.All(IbanRegistry.All, row => Assert.InRange(row.Value, 15, 34));
    }

    // An independent calculation: the whole number as one big integer.
    private static bool HasRemainderOne(string value) => System.Numerics.BigInteger.Parse(
        string.Concat((value[4..] + value[..4]).Select(c => char.IsAsciiDigit(c) ? c - '0' : c - 'A' + 10)), null) % 97 == 1;
}
