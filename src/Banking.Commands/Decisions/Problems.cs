using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.EventStore.Json;

namespace Banking.Commands.Decisions;

/// <summary>RFC 9457 problem details: the only form in which the bank answers errors.</summary>
public static class Problems
{
    public const string ContentType = "application/problem+json";

    /// <summary>Members of a problem document that are not facts.</summary>
    internal static readonly IReadOnlyList<string> Members = ["type", "title", "status", "detail", "code", "applied", "traceId", "errors"];

    /// <summary>Problem document of a refusal. A refused command was not applied, so <c>applied</c> is false.</summary>
    public static string Document(Refusal refusal, string traceId)
    {
        var document = new JsonObject
        {
            ["type"] = $"urn:banking:problem:{refusal.Code}",
            ["title"] = Title(refusal.Code),
            ["status"] = refusal.Status,
            ["detail"] = refusal.Detail,
            ["code"] = refusal.Code,
            ["applied"] = false,
            ["traceId"] = traceId,
        };
        if (refusal.Pointer is not null)
        {
            document["errors"] = new JsonArray(new JsonObject { ["pointer"] = refusal.Pointer, ["detail"] = refusal.Detail });
        }

        foreach (var (name, value) in refusal.Facts)
        {
            document[name] = JsonSerializer.SerializeToNode(value, ApiJson.Options);
        }

        return document.ToJsonString(ApiJson.Options);
    }

    /// <summary>The request itself is wrong.</summary>
    public static Refusal Malformed(string code, string detail, string? pointer = null, int status = 400) =>
        new(code, status, detail, new Dictionary<string, object>(), pointer);

    /// <summary>A key stands for one command only.</summary>
    public static Refusal KeyReused => Refusal.Of(
        "idempotency_key_reused", 422, "This idempotency key was used before with different content. Use a new key for each command.");

    private static string Title(string code)
    {
        var words = code.Replace('_', ' ');
        return char.ToUpperInvariant(words[0]) + words[1..];
    }
}
