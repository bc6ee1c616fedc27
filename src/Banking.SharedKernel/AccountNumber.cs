using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Banking.SharedKernel;

/// <summary>
/// An international bank account number (ISO 13616): country, two check digits (ISO 7064 MOD 97-10) and the domestic number.
/// Numbers of registered countries have the length and structure of the SWIFT registry. ISO 3166 leaves the codes XA to XZ to users; their
/// numbers may have any length from 15 to 34.
/// </summary>
[JsonConverter(typeof(AccountNumberJsonConverter))]
public readonly record struct AccountNumber
{
    internal const int MinLength = 15;
    internal const int MaxLength = 34;

    private readonly string? _value;

    private AccountNumber(string value) => _value = value;

    /// <summary>The electronic form: upper case, no spaces. Empty for <c>default(AccountNumber)</c>.</summary>
    public string Value => _value ?? "";

    /// <summary>The print form, in groups of four: <c>DE89 3704 0044 0532 0130 00</c>.</summary>
    public string Grouped => string.Join(' ', Value.Chunk(4).Select(group => new string(group)));

    /// <summary>Parses the electronic or print form. Spaces and lower case are accepted and normalised. Never throws.</summary>
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
    /// Parses the number of an existing account. Like <see cref="TryParse"/>, but without a check of the country's structure, which did not
    /// exist when the first accounts were opened. Never throws.
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

    /// <summary>Parses the electronic or print form.</summary>
    /// <exception cref="FormatException">The text is not a valid number.</exception>
    public static AccountNumber Parse(string text) => TryParse(text, out var number)
        ? number
        : throw new FormatException($"'{text}' is not an IBAN: the country, its structure or the check digits are wrong.");

    /// <summary>Creates the number for a domestic number by adding the check digits.</summary>
    /// <param name="country">Two upper-case letters: a registered country or XA to XZ.</param>
    /// <param name="bban">The domestic number: upper-case letters and digits in the country's length.</param>
    /// <exception cref="ArgumentException">The country is unknown, or its numbers have another structure.</exception>
    public static AccountNumber Create(string country, string bban)
    {
        if (country.Length != 2 || !TryNormalise($"{country}00{bban}", out var zeroed) || zeroed != $"{country}00{bban}"
            || !HasCountryAndLength(zeroed) || !IbanRegistry.HasStructure(zeroed))
        {
            throw new ArgumentException($"'{country}' and '{bban}' form no IBAN: the country or its structure is wrong.", nameof(bban));
        }

        // ISO 7064: with check digits 00 the remainder is 0 to 96, so the result is 02 to 98.
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

    // 00, 01 and 99 have the same remainder as 97, 98 and 02. Accepting them would give an account two numbers.
    private static bool HasValidCheckDigits(string value) =>
        char.IsAsciiDigit(value[2]) && char.IsAsciiDigit(value[3])
        && value.AsSpan(2, 2) is not ("00" or "01" or "99")
        && Mod97(value) == 1;

    // ISO 13616: the first four characters move to the end, and letters count as 10 to 35.
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
