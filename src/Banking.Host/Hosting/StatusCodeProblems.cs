using System.Security.Claims;
using Banking.Commands.Decisions;
using Banking.Web.Http;
using Microsoft.AspNetCore.Diagnostics;

namespace Banking.Host.Hosting;

/// <summary>Gives a problem document to answers that the framework leaves empty. The framework has chosen the status.</summary>
internal static class StatusCodeProblems
{
    public static Task WriteAsync(StatusCodeContext context)
    {
        var http = context.HttpContext;
        var status = http.Response.StatusCode;
        var refusal = status switch
        {
            401 => Refusal.Of(RefusalKind.Unauthenticated, "unauthenticated", "Send Authorization: Bearer with a valid token."),
            403 => DescribeForbidden(http.User),
            404 => Refusal.NotFound("no_such_route", "There is no resource at this address."),
            405 => Refusal.Of(RefusalKind.UnsupportedMethod, "method_not_allowed", "This address does not support this method."),
            413 => StrictBody.TooLarge(http.GetEndpoint()),
            415 => Refusal.Of(RefusalKind.UnsupportedContent, "unsupported_media_type", "Send application/json."),
            429 => Refusal.Of(RefusalKind.TooManyRequests, "bad_request", "The bank cannot answer this request."),
            < 500 => Refusal.Malformed("bad_request", "The bank cannot answer this request."),
            503 => Refusal.Unavailable("internal_error", "The bank cannot answer this request."),
            _ => Refusal.Of(RefusalKind.Failed, "internal_error", "The bank cannot answer this request."),
        };
        return http.WriteProblemAsync(refusal, status);
    }

    private static Refusal DescribeForbidden(ClaimsPrincipal caller)
    {
        var roles = caller.FindAll(Claims.Role).Select(c => c.Value).ToList();
        var (code, detail) = (caller.HasClaim(c => c.Type == Claims.Subject), roles.Count) switch
        {
            (false, _) => ("no_actor", "The token does not say who the caller is: it lacks the claim that the bank reads the actor from."),
            (_, 0) => ("no_role", "The token has no role of the bank: none of its roles and groups stands for one."),
            (_, 1) => ("forbidden", "The caller's role lacks the permission for this request."),
            _ => ("several_roles", $"The token has several roles of the bank ({string.Join(", ", roles)}), but a caller acts in one role."),
        };
        return Refusal.Of(RefusalKind.NotAllowed, code, detail);
    }
}
