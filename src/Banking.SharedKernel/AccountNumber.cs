using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Banking.SharedKernel;

/// <summary>
/// An international bank account number (ISO 13616): country, two check digits (ISO 7064 MOD 97-10) and the domestic number.
/// Registered countries have the length and structure of the SWIFT registry; the other codes from XA to XZ, which ISO 3166 leaves to users,
/// may have any length from 15 to 34.
/// </summary>
[JsonConverter(typeof(AccountNumberJsonConverter))]
public readonly record struct AccountNumber
{
    internal const int MinLength = 15;
    internal const int MaxLength = 34;

    private readonly string? _value;

    private AccountNumber(string value) => _value = value;

    /// <summary>The number in electronic form, upper case without spaces; empty for <c>default(AccountNumber)</c>.</summary>
    public string Value => _value ?? "";

    /// <summary>The number in print form, in groups of four: <c>DE89 3704 0044 0532 0130 00</c>.</summary>
    public string Grouped => string.Join(' ', Value.Chunk(4).Select(group => new string(group)));

    /// <summary>Reads electronic or print form: spaces and lower case are accepted and normalised. Never throws.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out AccountNumber number)
    {
        if (TryParseStored(text, out number) && IbanRegistry.HasStructure(number.Value))
        {
            return true;
        }

        number = default;
        return false;
    }

    /// <summary>
    /// Reads a number that an account may have: as <see cref="TryParse"/>, but without the structure of the country, which was not looked
    /// at when the first accounts were opened. Never throws.
    /// </summary>
    public static bool TryParseStored([NotNullWhen(true)] string? text, out AccountNumber number)
    {
        number = default;
        if (text is null || !TryNormalise(text, out var value) || !HasCountryAndLength(value) || !HasValidCheckDigits(value))
        {
            return false;
        }

        number = new(value);
        return true;
    }

    /// <summary>Reads electronic or print form.</summary>
    /// <exception cref="FormatException">The text is not a valid number.</exception>
    public static AccountNumber Parse(string text) => TryParse(text, out var number)
        ? number
        : throw new FormatException($"'{text}' is not an IBAN: the country, its structure or the check digits are wrong.");

    /// <summary>The number with its check digits for a domestic number.</summary>
    /// <param name="country">Two upper-case letters: a registered country or XA to XZ.</param>
    /// <param name="bban">The domestic number: upper-case letters and digits, as long as the country asks for.</param>
    /// <exception cref="ArgumentException">There is no such number.</exception>
    public static AccountNumber Create(string country, string bban)
    {
        ArgumentNullException.ThrowIfNull(country);
        ArgumentNullException.ThrowIfNull(bban);
        if (country.Length != 2 || !TryNormalise($"{country}00{bban}", out var zeroed) || zeroed != $"{country}00{bban}"
            || !HasCountryAndLength(zeroed) || !IbanRegistry.HasStructure(zeroed))
        {
            throw new ArgumentException($"'{country}' and '{bban}' make no IBAN: the country or its structure is wrong.", nameof(bban));
        }

        // ISO 7064: with check digits 00 the remainder is 0 to 96, so the result is 02 to 98 and always two digits.
        return new($"{country}{98 - Mod97(zeroed):00}{bban}");
    }

    /// <summary>The electronic form.</summary>
    public override string ToString() => Value;

    private static bool TryNormalise(string text, out string value)
    {
        value = "";
        Span<char> buffer = stackalloc char[MaxLength];
        var length = 0;
        foreach (var c in text)
        {
            if (c == ' ')
            {
                continue;
            }

            if (length == MaxLength || !char.IsAsciiLetterOrDigit(c))
            {
                return false;
            }

            buffer[length++] = c is >= 'a' and <= 'z' ? (char)(c - 'a' + 'A') : c;
        }

        value = new(buffer[..length]);
        return true;
    }

    private static bool HasCountryAndLength(string value) =>
        value.Length >= MinLength
        && char.IsAsciiLetterUpper(value[0]) && char.IsAsciiLetterUpper(value[1])
        && (IbanRegistry.LengthOf(value.AsSpan(0, 2)) is { } length ? value.Length == length : value[0] == 'X');

    // 00, 01 and 99 leave the same remainder as 97, 98 and 02: accepting them would give one account two numbers.
    private static bool HasValidCheckDigits(string value) =>
        char.IsAsciiDigit(value[2]) && char.IsAsciiDigit(value[3])
        && value.AsSpan(2, 2) is not ("00" or "01" or "99")
        && Mod97(value) == 1;

    // ISO 13616: the first four characters go to the end, and letters count as 10 to 35.
    private static int Mod97(string value)
    {
        var remainder = 0;
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[(i + 4) % value.Length];
            remainder = char.IsAsciiDigit(c) ? ((remainder * 10) + (c - '0')) % 97 : ((remainder * 100) + (c - 'A' + 10)) % 97;
        }

        return remainder;
    }
}
