using System.Globalization;

namespace Banking.SharedKernel;

/// <summary>
/// Parses numbers, days and ids strictly: each value has one spelling. The framework's parsers also accept spaces, signs, a NUL at the end
/// and letters of either case, depending on the type and its options.
/// </summary>
public static class Exact
{
    /// <summary>Parses a whole number, zero or more, in ASCII digits. Never throws.</summary>
    public static bool TryNumber(ReadOnlySpan<char> text, out long number)
    {
        number = 0;
        return AreDigits(text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>Parses a whole number, zero or more, in ASCII digits. Never throws.</summary>
    public static bool TryNumber(string? text, out long number) => TryNumber(text.AsSpan(), out number);

    /// <summary>Parses a whole number, zero or more, in ASCII digits. Never throws.</summary>
    public static bool TryInt(ReadOnlySpan<char> text, out int number)
    {
        var isNumber = TryNumber(text, out long wide) && wide <= int.MaxValue;
        number = isNumber ? (int)wide : 0;
        return isNumber;
    }

    /// <summary>Parses a whole number, zero or more, in ASCII digits. Never throws.</summary>
    public static bool TryInt(string? text, out int number) => TryInt(text.AsSpan(), out number);

    /// <summary>Parses a day such as <c>2026-11-17</c>. Never throws.</summary>
    public static bool TryDay(string? text, out DateOnly day)
    {
        day = default;
        return text is { Length: 10 } && text[4] == '-' && text[7] == '-'
            && AreDigits(text.AsSpan(0, 4)) && AreDigits(text.AsSpan(5, 2)) && AreDigits(text.AsSpan(8, 2))
            && DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day);
    }

    /// <summary>Parses an id without its prefix: 32 lower-case hexadecimal digits. Never throws.</summary>
    public static bool TryId(ReadOnlySpan<char> text, out Guid id)
    {
        id = default;
        return text.Length == 32 && !text.ContainsAnyExcept(PublicId.LowerHex) && Guid.TryParseExact(text, "N", out id);
    }

    /// <summary>Parses an id without its prefix: 32 lower-case hexadecimal digits. Never throws.</summary>
    public static bool TryId(string? text, out Guid id) => TryId(text.AsSpan(), out id);

    private static bool AreDigits(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExceptInRange('0', '9');
}
