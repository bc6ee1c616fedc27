using System.Text.Json;

namespace Banking.Host.Security;

/// <summary>
/// The place of a claim in a token. Three forms: names separated by dots (<c>realm_access.roles</c>); a URL, which is the name of one
/// claim (<c>https://bank.example/roles</c>); a JSON Pointer (RFC 6901), which can express every name (<c>/extn.customer</c>).
/// </summary>
internal sealed class ClaimPath
{
    /// <summary>Claims whose text is a list separated by spaces (RFC 8693, 4.2, and Microsoft Entra ID).</summary>
    private static readonly string[] SpaceSeparated = ["scope", "scp"];

    private readonly string _text;
    private readonly IReadOnlyList<string> _names;

    private ClaimPath(string text, IReadOnlyList<string> names) => (_text, _names) = (text, names);

    /// <summary>Whether the path is one name, and which.</summary>
    public string? SingleName => _names is [var name] ? name : null;

    /// <summary>Parses a path. Null if the text is in none of the three forms.</summary>
    public static ClaimPath? Parse(string text)
    {
        var names =
            IsUrl(text) ? [text]
            : text.StartsWith('/') ? text[1..].Split('/').Select(Unescape).ToArray()
            : text.Split('.');
        return names.Any(string.IsNullOrWhiteSpace) ? null : new ClaimPath(text, names);
    }

    public bool IsSameAs(ClaimPath other) => _names.SequenceEqual(other._names, StringComparer.Ordinal);

    /// <summary>The texts at this place: one, or those of a list. Empty if there are none.</summary>
    public IReadOnlyList<string> Read(JsonElement payload)
    {
        var found = payload;
        foreach (var name in _names)
        {
            if (found.ValueKind != JsonValueKind.Object || !found.TryGetProperty(name, out found))
            {
                return [];
            }
        }

        return found.ValueKind switch
        {
            JsonValueKind.String when SpaceSeparated.Contains(_names[^1]) =>
                found.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            JsonValueKind.String => [found.GetString()!],
            JsonValueKind.Array => [.. found.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()!)],
            _ => [],
        };
    }

    public override string ToString() => _text;

    private static bool IsUrl(string text) =>
        text.StartsWith("https://", StringComparison.Ordinal) || text.StartsWith("http://", StringComparison.Ordinal);

    /// <summary>Empty, which is no name, if a ~ is not followed by 0 or 1.</summary>
    private static string Unescape(string name) =>
        name.Replace("~0", "", StringComparison.Ordinal).Replace("~1", "", StringComparison.Ordinal).Contains('~')
            ? ""
            : name.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
}
