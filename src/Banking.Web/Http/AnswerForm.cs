using System.Net.Mime;
using Banking.Commands.Decisions;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Banking.Web.Http;

/// <summary>Metadata of an endpoint: the media types it can answer in, the default first. An endpoint without it answers in JSON.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ServesAttribute(params string[] mediaTypes) : Attribute
{
    public const string EventStream = "text/event-stream";

    public IReadOnlyList<string> MediaTypes { get; } = mediaTypes;
}

/// <summary>
/// What an answer is written as: the form that the caller's Accept prefers among those an endpoint serves. A caller that takes none of them
/// is refused before anything is done. Problems are application/problem+json whatever was asked for: that is how a caller learns of them.
/// </summary>
public static class AnswerForm
{
    private static readonly object Key = new();
    private static readonly string[] Json = [MediaTypeNames.Application.Json];

    /// <summary>The media type to answer in; null where an endpoint has only one.</summary>
    public static string? Of(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        return http.Items.TryGetValue(Key, out var form) ? (string?)form : null;
    }

    /// <summary>Whether the caller asked for server-sent events.</summary>
    public static bool IsEventStream(HttpContext http) => Of(http) == ServesAttribute.EventStream;

    /// <summary>What is wrong with the forms a caller takes, or null.</summary>
    public static Refusal? Problem(HttpContext http, Endpoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(endpoint);
        var served = endpoint.Metadata.GetMetadata<ServesAttribute>()?.MediaTypes;
        var accept = http.Request.Headers.Accept;
        if (accept.Count == 0 || (served is null && accept.Count == 1 && accept[0] is "*/*" or MediaTypeNames.Application.Json))
        {
            return null;
        }

        served ??= Json;
        if (served.Count == 0)
        {
            return null;
        }

        var accepted = MediaTypeHeaderValue.TryParseList(accept, out var parsed) ? parsed : [];
        var best = served.Select(form => (Form: form, Quality: Quality(form, accepted))).MaxBy(f => f.Quality);
        if (best.Quality <= 0)
        {
            return Refusal.Of(
                "not_acceptable", StatusCodes.Status406NotAcceptable,
                $"The answer can be {string.Join(" or ", served)}; Accept allows none of these.", ("served", served));
        }

        http.Items[Key] = best.Form;
        return null;
    }

    /// <summary>RFC 9110, 12.5.1: the most specific range that fits says how much a form is wanted; 0 is not at all.</summary>
    private static double Quality(string form, IList<MediaTypeHeaderValue> accepted)
    {
        var wanted = MediaTypeHeaderValue.Parse(form);
        var range = accepted.Where(a => Fits(wanted, a)).MaxBy(a => a.MatchesAllTypes ? 0 : a.MatchesAllSubTypes ? 1 : 2);
        return range is null ? 0 : range.Quality ?? 1;
    }

    /// <summary>
    /// Answers are UTF-8, which a range may say; one that asks for any other parameter asks for a form that is not served.
    /// </summary>
    private static bool Fits(MediaTypeHeaderValue form, MediaTypeHeaderValue range) =>
        (range.MatchesAllTypes
            || (form.Type.Equals(range.Type, StringComparison.OrdinalIgnoreCase)
                && (range.MatchesAllSubTypes || form.SubType.Equals(range.SubType, StringComparison.OrdinalIgnoreCase))))
        && range.Parameters.All(p =>
            p.Name.Equals("q", StringComparison.OrdinalIgnoreCase)
            || (p.Name.Equals("charset", StringComparison.OrdinalIgnoreCase)
                && HeaderUtilities.RemoveQuotes(p.Value).Equals("utf-8", StringComparison.OrdinalIgnoreCase)));
}
