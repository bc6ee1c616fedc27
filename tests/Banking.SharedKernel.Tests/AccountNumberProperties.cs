using System.Text.Json;
using CsCheck;

namespace Banking.SharedKernel.Tests;

public sealed class AccountNumberProperties
{
    private static readonly Gen<char> Alphanumeric = Gen.Char["0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"];

    private static readonly Gen<AccountNumber> Numbers = Gen.OneOf<AccountNumber>(
        Gen.OneOf([.. IbanRegistry.All])
            .SelectMany(row => Bban(row.Key).Select(bban => AccountNumber.Create(row.Key, bban))),
        Gen.Select(Gen.Char['A', 'Z'].Where(c => c != 'K'), Alphanumeric.Array[11, 30])
            .Select((letter, bban) => AccountNumber.Create($"X{letter}", new string(bban))));

    [Fact]
    public void A_created_number_is_valid_in_every_spelling_and_in_JSON() =>
        Numbers.Sample(number =>
        {
            Assert.Equal(number, AccountNumber.Parse(number.Value));
            Assert.Equal(number, AccountNumber.Parse(number.Grouped));
            Assert.Equal(number, AccountNumber.Parse(number.Value.ToLowerInvariant()));
            Assert.Equal(number, JsonSerializer.Deserialize<AccountNumber>(JsonSerializer.Serialize(number)));
            Assert.InRange(int.Parse(number.Value.AsSpan(2, 2), null), 2, 98);
        });

    [Fact]
    public void Changing_one_digit_is_detected() =>
        Gen.Select(Numbers, Gen.Int[2, 33], Gen.Int[1, 9]).Sample((number, at, by) =>
        {
            var value = number.Value.ToCharArray();
            var i = at % value.Length;
            if (char.IsAsciiDigit(value[i]))
            {
                value[i] = (char)('0' + ((value[i] - '0' + by) % 10));
                Assert.False(AccountNumber.TryParse(new string(value), out _));
            }
        });

    [Fact]
    public void Swapping_two_different_neighbours_is_detected() =>
        Gen.Select(Numbers, Gen.Int[0, 32]).Sample((number, at) =>
        {
            var value = number.Value.ToCharArray();
            var i = at % (value.Length - 1);
            if (value[i] != value[i + 1] && !IsBlindSpot(value[i], value[i + 1]))
            {
                (value[i], value[i + 1]) = (value[i + 1], value[i]);
                Assert.False(AccountNumber.TryParse(new string(value), out _));
            }
        });

    // A letter counts as two digits, so B1 and 1B are both 111. The standard cannot detect these three swaps, and detects all others.
    [Theory]
    [InlineData('B', '1')]
    [InlineData('M', '2')]
    [InlineData('X', '3')]
    public void Swapping_a_letter_with_the_digit_it_is_made_of_is_the_blind_spot_of_ISO_7064(char letter, char digit)
    {
        var number = AccountNumber.Create("XB", $"00000{letter}{digit}00000");
        var swapped = number.Value.Replace($"{letter}{digit}", $"{digit}{letter}", StringComparison.Ordinal);

        Assert.True(AccountNumber.TryParse(swapped, out _));
        Assert.True(IsBlindSpot(digit, letter));
    }

    [Fact]
    public void Any_text_gets_a_result() =>
        Gen.OneOf<string>(Gen.String, Gen.Char["DEXB0123456789 "].Array[0, 40].Select(c => new string(c))).Sample(text =>
            Assert.Equal(AccountNumber.TryParse(text, out var number), number.Value.Length > 0));

    /// <summary>A domestic number of the country's structure.</summary>
    private static Gen<string> Bban(string country) =>
        IbanRegistry
            .StructureOf(country)
            .Select(run =>
                (
                    run.Kind switch
                    {
                        'n' => Gen.Char['0', '9'],
                        'a' => Gen.Char['A', 'Z'],
                        _ => Alphanumeric,
                    })
                    .Array[run.Length]
                    .Select(c => new string(c)))
            .Aggregate((whole, run) => Gen.Select(whole, run, (a, b) => a + b));

    private static bool IsBlindSpot(char a, char b) =>
        (a, b) is ('B', '1') or ('1', 'B') or ('M', '2') or ('2', 'M') or ('X', '3') or ('3', 'X');
}
