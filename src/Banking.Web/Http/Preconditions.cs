using Banking.Commands.Decisions;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

/// <summary>Metadata of an endpoint: a command on something that has a version, which If-Match may demand.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class HonoursIfMatchAttribute : Attribute;

/// <summary>Metadata of an endpoint: a command that creates something, which has no version before.</summary>
/// <param name="what">What it creates, such as "an account".</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CreatesAttribute(string what) : Attribute
{
    public string What { get; } = what;
}

/// <summary>Metadata of an endpoint: many commands in one request, each with a key of its own.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BatchAttribute : Attribute;

/// <summary>A condition that a request makes is honoured or refused: doing it regardless would be what the caller ruled out.</summary>
public static class Preconditions
{
    /// <summary>What is wrong with the conditions of a request, or null.</summary>
    public static Refusal? Problem(HttpRequest request, Endpoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(endpoint);
        var headers = request.Headers;
        var isRead = HttpMethods.IsGet(request.Method);
        if (headers.IfMatch.Count > 0 && endpoint.Metadata.GetMetadata<HonoursIfMatchAttribute>() is null)
        {
            return endpoint.Metadata.GetMetadata<BatchAttribute>() is not null
                ? Problems.Malformed("if_match_of_a_batch", "If-Match speaks of one account; send that command alone.")
                : Problems.Malformed(
                    "if_match_not_applicable",
                    endpoint.Metadata.GetMetadata<CreatesAttribute>() is { } creates
                            ? $"If-Match names a version of something that exists; this request creates {creates.What}, which has none yet. Leave it out."
                        : isRead ? "If-Match goes with commands; a read takes If-None-Match."
                        : "If-Match speaks of one version of one thing, which this request does not change. Leave it out.");
        }

        return isRead ? null
            : headers.IfNoneMatch.Count > 0 ? NotForCommands("If-None-Match", "an Idempotency-Key keeps a command from being done twice")
            : headers.IfUnmodifiedSince.Count > 0
                ? NotForCommands("If-Unmodified-Since", "If-Match with a version does, where a command changes one thing")
            : null;
    }

    private static Refusal NotForCommands(string header, string instead) =>
        Problems.Malformed("precondition_not_supported", $"{header} is not honoured by commands; {instead}.");
}
