using System.Globalization;

namespace Banking.SharedKernel;

/// <summary>Parses and formats amounts. The framework's parsers are not used: they accept signs, spaces and exponents, and round.</summary>
internal static class MoneyText
{
    public static MoneyError Parse(ReadOnlySpan<char> text, int scale, out long minor)
    {
        minor = 0;
        if (text is ['+' or '-', .. var unsigned])
        {
            return IsNumber(unsigned, out _) ? MoneyError.Signed : MoneyError.NotANumber;
        }

        if (!IsNumber(text, out var decimals))
        {
            return MoneyError.NotANumber;
        }

        if (decimals > scale)
        {
            return MoneyError.TooManyDecimals;
        }

        return TryReadMinor(text, scale - decimals, out minor) ? MoneyError.None : MoneyError.TooLarge;
    }

    /// <summary>Parses an unsigned decimal of a sum, of at most 30 digits.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, int scale, out Int128 minor)
    {
        const int MaxDigits = 30;
        minor = 0;
        if (!IsNumber(text, out var decimals) || decimals > scale || text.Length - decimals + scale > MaxDigits)
        {
            return false;
        }

        foreach (var c in text)
        {
            minor = c == '.' ? minor : (minor * 10) + (c - '0');
        }

        for (; decimals < scale; decimals++)
        {
            minor *= 10;
        }

        return true;
    }

    public static string Format(Int128 minor, int scale)
    {
        // The magnitude is unsigned, because the smallest number has no positive counterpart. Most magnitudes fit in 64 bits, which format
        // faster.
        var magnitude = minor < 0 ? unchecked(UInt128.Zero - (UInt128)minor) : (UInt128)minor;
        var text =
            magnitude <= ulong.MaxValue
                ? ((ulong)magnitude).ToString(CultureInfo.InvariantCulture)
                : magnitude.ToString(CultureInfo.InvariantCulture);
        var digits = text.PadLeft(scale + 1, '0');
        var number = scale == 0 ? digits : $"{digits[..^scale]}.{digits[^scale..]}";
        return minor < 0 ? $"-{number}" : number;
    }

    private static bool IsNumber(ReadOnlySpan<char> text, out int decimals)
    {
        var point = text.IndexOf('.');
        var whole = point < 0 ? text : text[..point];
        var fraction = point < 0 ? [] : text[(point + 1)..];
        decimals = fraction.Length;
        return AreDigits(whole) && (point < 0 || AreDigits(fraction));
    }

    private static bool AreDigits(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExceptInRange('0', '9');

    private static bool TryReadMinor(ReadOnlySpan<char> number, int missingZeros, out long minor)
    {
        minor = 0;
        try
        {
            foreach (var c in number)
            {
                minor = c == '.' ? minor : checked((minor * 10) + (c - '0'));
            }

            for (var i = 0; i < missingZeros; i++)
            {
                minor = checked(minor * 10);
            }

            return true;
        }
        catch (OverflowException)
        {
            minor = 0;
            return false;
        }
    }
}
