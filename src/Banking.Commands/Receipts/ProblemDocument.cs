using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.SharedKernel;

namespace Banking.Commands.Receipts;

/// <summary>RFC 9457 problem details: the only form in which the bank answers errors, and in which a receipt stores a refusal.</summary>
public static class ProblemDocument
{
    public const string ContentType = "application/problem+json";

    /// <summary>The address of a code's description, relative to the host. Answers stored earlier have a URN instead.</summary>
    public const string TypePath = "/problems#";

    /// <summary>The text of the document.</summary>
    public static string Of(Refusal refusal, string traceId)
    {
        return Of(refusal, traceId, HttpStatus.Of(refusal.Kind));
    }

    /// <param name="status">The status, where the framework has chosen it.</param>
    public static string Of(Refusal refusal, string traceId, int status) => Members(refusal, traceId, status).ToJsonString(ApiJson.Options);

    /// <summary>
    /// The members of the document. A refused command was not applied, so <c>applied</c> is false; it is null where that is unknown.
    /// </summary>
    public static JsonObject Members(Refusal refusal, string traceId)
    {
        return Members(refusal, traceId, HttpStatus.Of(refusal.Kind));
    }

    private static JsonObject Members(Refusal refusal, string traceId, int status)
    {
        var document = new JsonObject
        {
            ["type"] = TypePath + refusal.Code,
            ["title"] = Title(refusal.Code),
            ["status"] = status,
            ["detail"] = refusal.Detail,
            ["code"] = refusal.Code,
            ["applied"] = refusal.Kind is RefusalKind.InDoubt ? null : false,
            ["traceId"] = traceId,
        };
        if (refusal.Pointer is not null)
        {
            document["errors"] = new JsonArray(new JsonObject { ["pointer"] = refusal.Pointer, ["detail"] = refusal.Detail });
        }

        foreach (var (name, value) in refusal.Facts)
        {
            document[name] = JsonSerializer.SerializeToNode(value is string text ? Shown(text) : value, ApiJson.Options);
        }

        return document;
    }

    /// <summary>A fact may repeat what a caller sent, such as an id in the address. What is no plain text is escaped.</summary>
    private static string Shown(string text) => PlainText.Problem(text, text.Length) is null ? text : PlainText.Escaped(text);

    /// <summary>The code in words.</summary>
    internal static string Title(string code)
    {
        var words = code.Replace('_', ' ');
        return char.ToUpperInvariant(words[0]) + words[1..];
    }
}
