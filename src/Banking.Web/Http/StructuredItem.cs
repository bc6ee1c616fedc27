using System.Text;

namespace Banking.Web.Http;

/// <summary>
/// A header with a single string (RFC 8941, 3.3). Parameters after the string are allowed and ignored. Many clients send a key without
/// quotes; such a text is taken as a whole, because a cut at a semicolon could make two orders one.
/// </summary>
internal static class StructuredItem
{
    private const string TokenSigns = "!#$%&'*+-.^_`|~:/";

    /// <summary>
    /// False if the text begins with a quote and is not a string, or if the string is followed by anything except parameters.
    /// </summary>
    public static bool TryRead(string text, out string value)
    {
        value = text;
        if (text is ['"', ..])
        {
            return TryString(text, out value, out var end) && AreParameters(text.AsSpan(end));
        }

        return true;
    }

    private static bool TryString(ReadOnlySpan<char> text, out string value, out int end)
    {
        var read = new StringBuilder(text.Length);
        for (end = 1; end < text.Length; end++)
        {
            var c = text[end];
            if (c == '"')
            {
                end++;
                value = read.ToString();
                return true;
            }

            if (c == '\\' && (++end == text.Length || (c = text[end]) is not ('"' or '\\')))
            {
                break;
            }

            read.Append(c);
        }

        value = "";
        return false;
    }

    private static int TokenLength(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || !(char.IsAsciiLetter(text[0]) || text[0] == '*'))
        {
            return 0;
        }

        var length = 1;
        while (length < text.Length && IsTokenCharacter(text[length]))
        {
            length++;
        }

        return length;
    }

    private static bool IsTokenCharacter(char c) => char.IsAsciiLetterOrDigit(c) || TokenSigns.Contains(c, StringComparison.Ordinal);

    /// <summary>Whether the rest is empty or parameters such as <c>;a=1; b="x"; c</c>.</summary>
    private static bool AreParameters(ReadOnlySpan<char> rest)
    {
        while (!rest.IsEmpty)
        {
            if (rest[0] != ';')
            {
                return false;
            }

            rest = rest[1..].TrimStart(' ');
            var key = 0;
            while (
                key < rest.Length
                && (
                    char.IsAsciiLetterLower(rest[key])
                    || rest[key] == '*'
                    || (key > 0 && (char.IsAsciiDigit(rest[key]) || rest[key] is '_' or '-' or '.'))))
            {
                key++;
            }

            if (key == 0 || !TryValue(rest[key..], out rest))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Skips <c>=</c> and the bare item after it, if there is one.</summary>
    private static bool TryValue(ReadOnlySpan<char> text, out ReadOnlySpan<char> rest)
    {
        rest = text;
        if (text is not ['=', .. var value])
        {
            return true;
        }

        int length;
        if (value is ['"', ..])
        {
            var isString = TryString(value, out _, out length);
            rest = isString ? value[length..] : default;
            return isString;
        }

        length = value is ['?', '0' or '1', ..] ? 2 : value is ['-' or (>= '0' and <= '9'), ..] ? NumberLength(value) : TokenLength(value);
        rest = value[length..];
        return length > 0;
    }

    private static int NumberLength(ReadOnlySpan<char> text)
    {
        var sign = text[0] == '-' ? 1 : 0;
        var length = sign;
        while (length < text.Length && (char.IsAsciiDigit(text[length]) || (text[length] == '.' && length > sign)))
        {
            length++;
        }

        return length > sign ? length : 0;
    }
}
