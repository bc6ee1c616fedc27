using System.Text;
using System.Text.Json;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;

namespace Banking.Web.Http;

/// <summary>
/// What is wrong with a body, in words about the request: where it is, as a JSON pointer (RFC 6901), and what is expected there. Nothing
/// that the parser says of itself goes out: no sentence of its own, no line number, no type.
/// </summary>
internal static class BodyErrors
{
    private const string Code = "malformed_json";

    public static Refusal Of(JsonException failure) => Problems.Malformed(Code, Explain(failure), Pointer(failure.Path));

    public static Refusal Null => Problems.Malformed(Code, "The body is null; an object is expected.", "#");

    private static string Explain(JsonException failure)
    {
        bool Says(string words) => failure.Message.Contains(words, StringComparison.Ordinal);
        return failure switch
        {
            _ when BadValue.Is(failure) => failure.Message,
            _ when Says("could not be mapped to any .NET member") => "There is no such member.",
            _ when Says("Duplicate property") => "The member is there twice.",
            _ when Says("doesn't allow null values") => "The member must not be null.",
            _ when Says("missing required properties") => $"Required members are missing: {Missing(failure.Message)}.",
            _ when Says("maximum configured depth") => $"The body is nested deeper than {ApiJson.Options.MaxDepth} levels.",
            _ when Says("could not be converted to") => "The value has the wrong type or is not one of those allowed.",
            _ when Says("surrogate") || Says("UTF-8") || Says("UTF-16") => "The text is not valid Unicode.",
            _ => "The body is not valid JSON from here on.",
        };
    }

    /// <summary>The names at the end of "… missing required properties including: 'a', 'b'.", which are those of the request.</summary>
    private static string Missing(string message)
    {
        var end = message.IndexOf(" Path: ", StringComparison.Ordinal);
        message = end < 0 ? message : message[..end];
        return message[(message.LastIndexOf(':') + 1)..].Trim().TrimEnd('.').Replace("'", "", StringComparison.Ordinal);
    }

    /// <summary>
    /// The serializer speaks JSONPath: $.changes[2].amount, and $['a.b'] for a name with anything special in it. Such a name is never one
    /// of ours, so it is the last of its path.
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

    /// <summary>RFC 6901, 3 and 6: ~ and / within a name, then what a fragment of a URI may not hold.</summary>
    private static string Escape(string name) =>
        Uri.EscapeDataString(
            (name.Length <= 200 ? name : name[..200])
                .Replace("~", "~0", StringComparison.Ordinal)
                .Replace("/", "~1", StringComparison.Ordinal));
}
