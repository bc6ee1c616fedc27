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
        foreach (var part in header.Split(','))
        {
            var preference = part.Split(';')[0];
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
}
