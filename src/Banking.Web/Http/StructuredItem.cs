using System.Text.RegularExpressions;

namespace Banking.Web.Http;

/// <summary>
/// A header with a single string (RFC 8941, 3.3). Parameters after the string are allowed and ignored. Many clients send a key without
/// quotes; such a text is taken as a whole, because a cut at a semicolon could make two orders one.
/// </summary>
internal static partial class StructuredItem
{
    private const string Characters = """(?>(?:[^"\\]|\\["\\])*)""";

    private const string Token = "[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*";

    private const string BareItem = $"""(?>"{Characters}"|\?[01]|-?[0-9][0-9.]*|{Token})""";

    private const string Parameters = $"(?>(?:; *[a-z*][a-z0-9_.*-]*(?:={BareItem})?)*)";

    /// <summary>
    /// False if the text begins with a quote and is not a string, or if the string is followed by anything except parameters.
    /// </summary>
    public static bool TryRead(string text, out string value)
    {
        value = text;
        if (text is not ['"', ..])
        {
            return true;
        }

        var match = QuotedString().Match(text);
        // Quotes first: inside a string every quote has its backslash, and the backslashes that remain are pairs.
        value = match.Groups["characters"].Value
            .Replace("\\\"", "\"", StringComparison.Ordinal)
            .Replace(@"\\", @"\", StringComparison.Ordinal);
        return match.Success;
    }

    /// <summary>Linear in the length of the text: the alternatives begin with different characters, and the groups are atomic.</summary>
    [GeneratedRegex($"""\A"(?<characters>{Characters})"{Parameters}\z""")]
    private static partial Regex QuotedString();
}
