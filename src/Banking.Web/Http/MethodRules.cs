using Banking.Commands.Decisions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Banking.Web.Http;

/// <summary>
/// What an address takes is no secret: a method it does not know (405), a body that no one here can read (415) and OPTIONS are answered
/// before the caller is asked for a token. That an address does not exist stays hidden behind the token.
/// </summary>
public static class MethodRules
{
    public static Task Middleware(HttpContext http, RequestDelegate next)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(next);
        return http.GetEndpoint() switch
        {
            null => next(http),
            // Routing answers itself where an address has routes and none fits, with an endpoint that is none of ours.
            not RouteEndpoint and { } routing => NoRouteAsync(http, routing),
            var endpoint => BodyProblem(http, endpoint) is { } problem ? http.WriteProblemAsync(problem) : next(http),
        };
    }

    private static async Task NoRouteAsync(HttpContext http, Endpoint routing)
    {
        await routing.RequestDelegate!(http);
        var allow = http.Response.Headers.Allow.ToString();
        if (http.Response.StatusCode != StatusCodes.Status405MethodNotAllowed)
        {
            await http.WriteProblemAsync(UnsupportedType);
            return;
        }

        var methods = allow.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToList();
        if (methods.Contains(HttpMethods.Get))
        {
            methods.Add(HttpMethods.Head);
        }

        methods.Add(HttpMethods.Options);
        http.Response.Headers.Allow = string.Join(", ", methods);
        if (HttpMethods.IsOptions(http.Request.Method))
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await http.WriteProblemAsync(Refusal.Of(
            "method_not_allowed", StatusCodes.Status405MethodNotAllowed,
            $"This address knows {string.Join(", ", methods)}, and not {ShownMethod(http)}.", ("allowed", methods)));
    }

    private static string ShownMethod(HttpContext http) => http.WantsHeadOnly() ? HttpMethods.Head
        : http.Request.Method.Length <= 20 ? http.Request.Method : "this method";

    private static Refusal? BodyProblem(HttpContext http, Endpoint endpoint)
    {
        var takesBody =
            endpoint.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType is not null && !HttpMethods.IsGet(http.Request.Method);
        return !takesBody ? null
            : !http.Request.HasJsonContentType() ? UnsupportedType
            : !IsUnicode(http.Request.ContentType!) ? UnsupportedCharset
            : http.Request.Headers.ContentEncoding.Count > 0 ? EncodingProblem(http.Request.Headers.ContentEncoding.ToString())
            : null;
    }

    /// <summary>
    /// Bodies are read as UTF-8, of which ASCII is a part: one in another charset could be read as what it is not. UTF-16 and UTF-32
    /// cannot: a body in one of them is malformed.
    /// </summary>
    private static bool IsUnicode(string contentType) =>
        !contentType.Contains(';', StringComparison.Ordinal)
        || MediaTypeHeaderValue
            .Parse(contentType)
            .Parameters.Where(p => p.Name.Equals("charset", StringComparison.OrdinalIgnoreCase))
            .All(p => HeaderUtilities.RemoveQuotes(p.Value).ToString().ToUpperInvariant() is "US-ASCII" or ['U', 'T', 'F', '-', ..]);

    private static Refusal UnsupportedCharset =>
        Problems.Malformed(
            "unsupported_charset",
            "Send application/json in UTF-8; charset is utf-8, or left out.",
            status: StatusCodes.Status415UnsupportedMediaType);

    private static Refusal? EncodingProblem(string encoding) =>
        Encodings.Contains(encoding.Trim(), StringComparer.OrdinalIgnoreCase)
            ? null
            : Refusal.Of(
                "unsupported_content_encoding",
                StatusCodes.Status415UnsupportedMediaType,
                $"Content-Encoding is one of {string.Join(", ", Encodings)}, once, or left out.",
                ("supported", Encodings));

    /// <summary>What the framework's decompression reads.</summary>
    private static readonly string[] Encodings = ["gzip", "br", "deflate"];

    private static Refusal UnsupportedType => Problems.Malformed(
        "unsupported_media_type", "Send application/json.", status: StatusCodes.Status415UnsupportedMediaType);
}
