using Banking.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Commands;

/// <summary>Checks requests by the metadata of their endpoint. Runs after authorization and before the body is read.</summary>
public static class RequestRules
{
    public static Task Middleware(HttpContext http, RequestDelegate next)
    {
        if (http.GetEndpoint() is not { } endpoint)
        {
            return next(http);
        }

        var problem = QueryRules.Problem(http.Request, endpoint)
            ?? AnswerForm.Problem(http, endpoint)
            ?? Preconditions.Problem(http.Request, endpoint)
            ?? OperatorRequest.Problem(http);
        return problem is null ? next(http) : http.WriteProblemAsync(problem);
    }
}
