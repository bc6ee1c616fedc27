using Banking.Web.Http;
using Microsoft.OpenApi;

namespace Banking.Web.OpenApi;

/// <summary>The headers of answers.</summary>
internal static class AnswerHeaders
{
    public static Dictionary<string, IOpenApiHeader>? OfSuccess(string status, EndpointFacts facts)
    {
        var headers = new Dictionary<string, IOpenApiHeader>();
        if (facts.Command is not null || facts.Has<HasVersionAttribute>())
        {
            headers["ETag"] = Header("The version of the resource, in quotes.");
        }

        if (facts.Command is not null || facts.IsBatch)
        {
            headers[HttpAnswers.LedgerPosition] = Position("The position of the log that includes everything this request did.");
        }

        if (facts.HasKey && !facts.IsBatch)
        {
            headers[HttpAnswers.IdempotencyReplayed] = Replayed;
        }

        if (status is "201" or "202")
        {
            headers["Location"] = Header("The address of the resource.");
        }

        if (facts.HasPosition)
        {
            headers[HttpAnswers.LedgerPosition] = Position("The position of the log that the answer includes, if one was asked for or the "
                + "answer comes from a read model.");
            headers[HttpAnswers.LedgerStale] = Header(
                "true if the answer lacks the position that was asked for, or may lack what was recorded by knownAt.");
        }

        return WithEpoch(headers);
    }

    public static Dictionary<string, IOpenApiHeader>? OfProblem(int status, IReadOnlyList<string> codes, EndpointFacts? facts)
    {
        var headers = new Dictionary<string, IOpenApiHeader>();
        if (status == 401)
        {
            headers["WWW-Authenticate"] = Header("Bearer, with what is wrong with the token.");
        }

        if (status is 429 or 503 || codes.Contains("request_in_progress"))
        {
            headers["Retry-After"] = new OpenApiHeader
            {
                Description = "The seconds after which the request may be repeated.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.Integer },
            };
        }

        if (facts?.Command is not null && status is 403 or 404 or 409 or 422)
        {
            headers[HttpAnswers.IdempotencyReplayed] = Replayed;
        }

        if (facts is { HasPosition: true } or { IsBatch: true } && status is not (401 or 403 or 406))
        {
            headers[HttpAnswers.LedgerPosition] = Position("The position of the log that the answer includes.");
        }

        return WithEpoch(headers);
    }

    private static Dictionary<string, IOpenApiHeader>? WithEpoch(Dictionary<string, IOpenApiHeader> headers)
    {
        if (headers.ContainsKey(HttpAnswers.LedgerPosition))
        {
            headers[LedgerEpochs.Header] = Header("The epoch of the log that the position belongs to.");
        }

        return headers.Count > 0 ? headers : null;
    }

    private static OpenApiHeader Replayed => Header("true if this is the stored answer to an earlier request with the key.");

    private static OpenApiHeader Header(string description) =>
        new() { Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };

    private static OpenApiHeader Position(string description) =>
        new() { Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64" } };
}
