using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

/// <summary>
/// Ends JSON answers with a newline, so that a terminal continues on a line of its own. An answer with a known length is written whole:
/// those of commands and problems have the newline already, and a statement has the same bytes for ever.
/// </summary>
public static class AnswerEnd
{
    public static async Task Middleware(HttpContext http, RequestDelegate next)
    {
        await next(http);
        if (http.Response.ContentLength is null && IsJson(http.Response.ContentType) && !http.WantsHeadOnly())
        {
            await http.Response.BodyWriter.WriteAsync("\n"u8.ToArray(), http.RequestAborted);
        }
    }

    private static bool IsJson(string? contentType) =>
        contentType?.Split(';')[0].TrimEnd().EndsWith("json", StringComparison.OrdinalIgnoreCase) == true;
}
