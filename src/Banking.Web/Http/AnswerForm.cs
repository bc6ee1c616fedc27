using System.Net.Mime;
using Banking.Commands.Decisions;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Banking.Web.Http;

/// <summary>Metadata of an endpoint: the media types that it serves, the default first. An endpoint without it serves JSON.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ServesAttribute(params string[] mediaTypes) : Attribute
{
    public const string EventStream = "text/event-stream";

    public IReadOnlyList<string> MediaTypes { get; } = mediaTypes;
}

/// <summary>
/// Content negotiation: chooses the media type that Accept prefers among those of the endpoint. A caller that accepts none of them is
/// refused before anything is executed. Problems are always application/problem+json, so that every caller receives them.
/// </summary>
public static class AnswerForm
{
    private static readonly object Key = new();
    private static readonly string[] Json = [MediaTypeNames.Application.Json];

    /// <summary>The negotiated media type; null if the endpoint has only one.</summary>
    public static string? Of(HttpContext http)
    {
        return http.Items.TryGetValue(Key, out var form) ? (string?)form : null;
    }

    /// <summary>Whether the caller asked for server-sent events.</summary>
    public static bool IsEventStream(HttpContext http) => Of(http) == ServesAttribute.EventStream;

    /// <summary>Whether the Accept header allows a form, for an address whose suffix names one.</summary>
    public static bool Allows(HttpContext http, string mediaType)
    {
        var accept = http.Request.Headers.Accept;
        return accept.Count == 0 || (MediaTypeHeaderValue.TryParseList(accept, out var parsed) && Quality(mediaType, parsed) > 0);
    }

    /// <summary>The problem of the Accept header, or null.</summary>
    public static Refusal? Problem(HttpContext http, Endpoint endpoint)
    {
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
                RefusalKind.NotAcceptable, "not_acceptable",
                $"This endpoint serves {string.Join(" or ", served)}; Accept allows none of these.", ("served", served));
        }

        http.Items[Key] = best.Form;
        return null;
    }

    /// <summary>
    /// The quality of a media type by RFC 9110, 12.5.1: the most specific matching range decides; 0 means not acceptable.
    /// </summary>
    private static double Quality(string form, IList<MediaTypeHeaderValue> accepted)
    {
        var wanted = MediaTypeHeaderValue.Parse(form);
        var range = accepted.Where(a => Fits(wanted, a)).MaxBy(a => a.MatchesAllTypes ? 0 : a.MatchesAllSubTypes ? 1 : 2);
        return range is null ? 0 : range.Quality ?? 1;
    }

    /// <summary>Answers are UTF-8, which a range may require; a range with any other parameter matches no served type.</summary>
    private static bool Fits(MediaTypeHeaderValue form, MediaTypeHeaderValue range) =>
        (range.MatchesAllTypes
            || (form.Type.Equals(range.Type, StringComparison.OrdinalIgnoreCase)
                && (range.MatchesAllSubTypes || form.SubType.Equals(range.SubType, StringComparison.OrdinalIgnoreCase))))
        && range.Parameters.All(p =>
            p.Name.Equals("q", StringComparison.OrdinalIgnoreCase)
            || (p.Name.Equals("charset", StringComparison.OrdinalIgnoreCase)
                && HeaderUtilities.RemoveQuotes(p.Value).Equals("utf-8", StringComparison.OrdinalIgnoreCase)));
}
