using Banking.Commands.Decisions;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

/// <summary>Metadata of an endpoint: its command changes a versioned resource, so If-Match is supported.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class HonoursIfMatchAttribute : Attribute;

/// <summary>Metadata of an endpoint: its command creates a resource, which has no version yet.</summary>
/// <param name="what">The created resource, such as "an account".</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CreatesAttribute(string what) : Attribute
{
    public string What { get; } = what;
}

/// <summary>Metadata of an endpoint: many commands in one request, each with its own key.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BatchAttribute : Attribute;

/// <summary>Checks conditional headers: a condition is honoured or refused, never ignored.</summary>
public static class Preconditions
{
    /// <summary>The problem of a request's conditions, or null.</summary>
    public static Refusal? Problem(HttpRequest request, Endpoint endpoint)
    {
        var headers = request.Headers;
        var isRead = HttpMethods.IsGet(request.Method);
        if (headers.IfMatch.Count > 0 && endpoint.Metadata.GetMetadata<HonoursIfMatchAttribute>() is null)
        {
            return endpoint.Metadata.GetMetadata<BatchAttribute>() is not null
                ? Refusal.Malformed("if_match_of_a_batch", "If-Match applies to one account; send that command alone.")
                : Refusal.Malformed(
                    "if_match_not_applicable",
                    endpoint.Metadata.GetMetadata<CreatesAttribute>() is { } creates
                            ? $"This request creates {creates.What}, which has no version yet; leave out If-Match."
                        : isRead ? "If-Match applies to commands; use If-None-Match for a read."
                        : "This request does not depend on the version of a resource; leave out If-Match.");
        }

        return isRead ? null
            : headers.IfNoneMatch.Count > 0
                ? NotForCommands("If-None-Match", "use an Idempotency-Key to keep a command from being applied twice")
            : headers.IfUnmodifiedSince.Count > 0
                ? NotForCommands("If-Unmodified-Since", "use If-Match with a version if the command changes one resource")
            : null;
    }

    private static Refusal NotForCommands(string header, string instead) =>
        Refusal.Malformed("precondition_not_supported", $"Commands do not support {header}; {instead}.");
}
