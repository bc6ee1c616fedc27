using Banking.SharedKernel;

namespace Banking.Web.Http;

/// <summary>
/// Reads the preferences of a caller (RFC 7240). The first <c>wait</c> counts; unknown preferences are ignored, as the RFC requires.
/// </summary>
internal static class Preferences
{
    /// <summary>Nine digits are about thirty years, and fit an int.</summary>
    private const int MaxDigits = 9;

    /// <summary>Reads <c>wait</c>; false if it is not a number of seconds. The seconds are null if there is no <c>wait</c>.</summary>
    public static bool TryWait(string header, out int? seconds)
    {
        seconds = null;
        foreach (var part in Split(header, ','))
        {
            var preference = Split(part, ';')[0];
            var equals = preference.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? preference : preference[..equals];
            if (!name.Trim(' ', '\t').Equals("wait", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            var value = equals < 0 ? "" : preference[(equals + 1)..].Trim(' ', '\t');
            value = value is ['"', .. var quoted, '"'] ? quoted : value;
            if (value.Length > MaxDigits || !Exact.TryInt(value, out var wait))
            {
                return false;
            }

            seconds = wait;
            return true;
        }

        return true;
    }

    /// <summary>Splits at a separator, but not inside a text in quotes.</summary>
    private static List<string> Split(string text, char separator)
    {
        var (parts, start, isQuoted) = (new List<string>(), 0, false);
        for (var i = 0; i < text.Length; i++)
        {
            if (isQuoted && text[i] == '\\')
            {
                // The next character is part of the text, even a quote.
                i++;
            }
            else if (text[i] == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (text[i] == separator && !isQuoted)
            {
                parts.Add(text[start..i]);
                start = i + 1;
            }
        }

        return [.. parts, text[start..]];
    }
}
