using System.Text;
using System.Text.Json;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;

namespace Banking.Web.Http;

/// <summary>
/// Describes errors in a request body: the place as a JSON pointer (RFC 6901), and the expected value. Messages of the parser are not
/// passed on, because they contain line numbers and type names.
/// </summary>
internal static class BodyErrors
{
    private const string Code = "malformed_json";

    public static Refusal Of(JsonException failure) => Refusal.Malformed(Code, Explain(failure), Pointer(failure.Path));

    public static Refusal Null => Refusal.Malformed(Code, "The body is null; send an object.", "#");

    private static string Explain(JsonException failure)
    {
        bool Contains(string words) => failure.Message.Contains(words, StringComparison.Ordinal);
        return failure switch
        {
            _ when BadValue.Is(failure) => failure.Message,
            _ when Contains("could not be mapped to any .NET member") => "There is no such member.",
            _ when Contains("Duplicate property") => "The member is given twice.",
            _ when Contains("doesn't allow null values") => "The member must not be null.",
            _ when Contains("missing required properties") => $"Required members are missing: {Missing(failure.Message)}.",
            _ when Contains("maximum configured depth") => $"The body is nested deeper than {ApiJson.Options.MaxDepth} levels.",
            _ when Contains("could not be converted to") => "The value has the wrong type or is not an allowed value.",
            _ when Contains("surrogate") || Contains("UTF-8") || Contains("UTF-16") => "The text is not valid Unicode.",
            _ => "The body is not valid JSON at this place.",
        };
    }

    /// <summary>The member names at the end of "… missing required properties including: 'a', 'b'.".</summary>
    private static string Missing(string message)
    {
        var end = message.IndexOf(" Path: ", StringComparison.Ordinal);
        message = end < 0 ? message : message[..end];
        return message[(message.LastIndexOf(':') + 1)..].Trim().TrimEnd('.').Replace("'", "", StringComparison.Ordinal);
    }

    /// <summary>
    /// Converts the serializer's JSONPath, such as $.changes[2].amount, to a pointer. A name with special characters is written $['a.b'];
    /// no member of a request has such a name, so it is the last part of its path.
    /// </summary>
    internal static string Pointer(string? path)
    {
        if (path is null || !path.StartsWith('$'))
        {
            return "#";
        }

        var special = path.IndexOf("['", StringComparison.Ordinal);
        var known = special < 0 ? path[1..] : path[1..special];
        var pointer = new StringBuilder("#");
        foreach (var part in known.Split(['.', '[', ']'], StringSplitOptions.RemoveEmptyEntries))
        {
            pointer.Append('/').Append(Escape(part));
        }

        return (
            special < 0
                ? pointer
                : pointer.Append('/').Append(Escape(path[(special + 2)..^(path.EndsWith("']", StringComparison.Ordinal) ? 2 : 0)]))
        ).ToString();
    }

    /// <summary>Escapes a name by RFC 6901, 3 and 6: first ~ and /, then the characters that a URI fragment must not contain.</summary>
    private static string Escape(string name) =>
        Uri.EscapeDataString(
            (name.Length <= 200 ? name : name[..200])
                .Replace("~", "~0", StringComparison.Ordinal)
                .Replace("/", "~1", StringComparison.Ordinal));
}
