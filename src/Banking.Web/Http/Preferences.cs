using Banking.SharedKernel;

namespace Banking.Web.Http;

/// <summary>
/// What a caller prefers (RFC 7240). The first <c>wait</c> counts; preferences that this bank does not know are passed over, as the RFC
/// says.
/// </summary>
internal static class Preferences
{
    /// <summary>Nine digits are thirty years, and fit.</summary>
    private const int MaxDigits = 9;

    /// <summary>False where there is a <c>wait</c> that is no number of seconds; null seconds where there is none.</summary>
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
