using Banking.Commands.Decisions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Banking.Web.Http;

/// <summary>
/// Answers requests with an unsupported method (405) or body type (415), and OPTIONS, before authorization: what an address supports is
/// public. Whether an address exists is not: unknown addresses still require a token.
/// </summary>
public static class MethodRules
{
    public static Task Middleware(HttpContext http, RequestDelegate next)
    {
        return http.GetEndpoint() switch
        {
            null => next(http),
            // Routing chose its own endpoint, because the address has routes and none matches the request.
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
            RefusalKind.UnsupportedMethod, "method_not_allowed",
            $"This address supports {string.Join(", ", methods)}, not {ShownMethod(http)}.", ("allowed", methods)));
    }

    private static string ShownMethod(HttpContext http) => http.WantsHeadOnly() ? HttpMethods.Head
        : http.Request.Method.Length <= 20 ? http.Request.Method : "this method";

    private static Refusal? BodyProblem(HttpContext http, Endpoint endpoint)
    {
        var hasBody =
            endpoint.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType is not null && !HttpMethods.IsGet(http.Request.Method);
        return !hasBody ? null
            : !http.Request.HasJsonContentType() ? UnsupportedType
            : !IsUnicode(http.Request.ContentType!) ? UnsupportedCharset
            : http.Request.Headers.ContentEncoding.Count > 0 ? EncodingProblem(http.Request.Headers.ContentEncoding.ToString())
            : null;
    }

    /// <summary>
    /// Whether the charset can be read as UTF-8; ASCII is part of it. Any other charset could be misread, UTF-7 too, whose bytes are
    /// all ASCII. UTF-16 and UTF-32 cannot be misread: such a body is malformed.
    /// </summary>
    private static bool IsUnicode(string contentType) =>
        !contentType.Contains(';', StringComparison.Ordinal)
        || MediaTypeHeaderValue
            .Parse(contentType)
            .Parameters.Where(p => p.Name.Equals("charset", StringComparison.OrdinalIgnoreCase))
            .All(p => HeaderUtilities.RemoveQuotes(p.Value).ToString().ToUpperInvariant()
                is "US-ASCII" or "UTF-8" or ['U', 'T', 'F', '-', '1', '6', ..] or ['U', 'T', 'F', '-', '3', '2', ..]);

    private static Refusal UnsupportedCharset =>
        Refusal.Of(
            RefusalKind.UnsupportedContent, "unsupported_charset",
            "Send application/json in UTF-8; charset must be utf-8, or left out.");

    private static Refusal? EncodingProblem(string encoding) =>
        Encodings.Contains(encoding.Trim(), StringComparer.OrdinalIgnoreCase)
            ? null
            : Refusal.Of(
                RefusalKind.UnsupportedContent, "unsupported_content_encoding",
                $"Content-Encoding must be one of {string.Join(", ", Encodings)}, given once, or left out.",
                ("supported", Encodings));

    /// <summary>The encodings that the framework decompresses.</summary>
    private static readonly string[] Encodings = ["gzip", "br", "deflate"];

    private static Refusal UnsupportedType => Refusal.Of(
        RefusalKind.UnsupportedContent, "unsupported_media_type", "Send application/json.");
}
