using Banking.Commands.Decisions;
using Banking.Web.Http;
using Microsoft.AspNetCore.Diagnostics;

namespace Banking.Host.Hosting;

/// <summary>Gives a problem document to answers that the framework leaves empty.</summary>
internal static class StatusCodeProblems
{
    public static Task WriteAsync(StatusCodeContext context)
    {
        var http = context.HttpContext;
        var status = http.Response.StatusCode;
        return http.WriteProblemAsync(status switch
        {
            401 => Problems.Malformed("unauthenticated", "Send Authorization: Bearer with a valid token.", status: status),
            403 => Problems.Malformed("forbidden", "The caller's role lacks the permission for this request.", status: status),
            404 => Problems.Malformed("no_such_route", "There is no resource at this address.", status: status),
            405 => Problems.Malformed("method_not_allowed", "This address does not support this method.", status: status),
            413 => StrictBody.TooLarge(http.GetEndpoint()),
            415 => Problems.Malformed("unsupported_media_type", "Send application/json.", status: status),
            < 500 => Problems.Malformed("bad_request", "The bank cannot answer this request.", status: status),
            _ => Problems.Malformed("internal_error", "The bank cannot answer this request.", status: status),
        });
    }
}
