using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.Testing;
using Json.Schema;

namespace Banking.System.Tests.Contract;

/// <summary>The OpenAPI document that a host serves, to compare answers with it.</summary>
internal sealed class ServedContract
{
    private static readonly EvaluationOptions Strict = new() { RequireFormatValidation = true, OutputFormat = OutputFormat.List };

    private static readonly string[] CheckedHeaders =
        ["ETag", "Ledger-Position", "Ledger-Stale", "Idempotency-Replayed", "Location", "Retry-After", "WWW-Authenticate"];

    private readonly JsonElement _document;
    private readonly JsonObject _definitions;
    private readonly Dictionary<string, JsonSchema> _schemas = [];

    public ServedContract(string document)
    {
        _document = JsonDocument.Parse(document).RootElement;
        _definitions = JsonNode.Parse(Local(_document.GetProperty("components").GetProperty("schemas").GetRawText()))!.AsObject();
        foreach (var (name, schema) in _definitions)
        {
            // Answers may get further members; a member that the document does not name is a fault of the document all the same.
            if (name != "Problem" && schema!["properties"] is not null)
            {
                schema["additionalProperties"] = false;
            }
        }
    }

    /// <summary>The paths of all operations with a method.</summary>
    public IEnumerable<string> Paths(string method) =>
        _document.GetProperty("paths").EnumerateObject().Where(p => p.Value.TryGetProperty(method, out _)).Select(p => p.Name);

    public bool NeedsToken(string method, string path) =>
        _document.GetProperty("paths").GetProperty(path).GetProperty(method).GetProperty("security").GetArrayLength() > 0;

    /// <summary>The names of an operation's query parameters.</summary>
    public IReadOnlyList<string> Query(string method, string path) =>
        _document.GetProperty("paths").GetProperty(path).GetProperty(method).TryGetProperty("parameters", out var parameters)
            ? [.. parameters.EnumerateArray().Where(p => p.GetProperty("in").GetString() == "query")
                .Select(p => p.GetProperty("name").GetString()!)]
            : [];

    /// <summary>Returns what the document does not say about an answer; empty if it says all of it.</summary>
    public IReadOnlyList<string> FindUntold(string method, string path, Answer answer)
    {
        if (!_document.GetProperty("paths").GetProperty(path).GetProperty(method).GetProperty("responses")
            .TryGetProperty(answer.StatusCode.ToString(null, null), out var response))
        {
            return [$"{method} {path} does not document {answer.StatusCode}: {answer.Body}"];
        }

        response = Resolve(response);
        return
        [
            .. CheckedHeaders.Where(h => answer.Header(h) is not null && !Has(response, "headers", h))
                .Select(h => $"{method} {path} {answer.StatusCode} does not document the header {h}"),
            .. FindWrong(response, answer).Select(w => $"{method} {path} {answer.StatusCode}: {w}"),
        ];
    }

    private IEnumerable<string> FindWrong(JsonElement response, Answer answer)
    {
        var type = answer.Header("Content-Type")!.Split(';')[0];
        if (!response.TryGetProperty("content", out var forms) || !forms.TryGetProperty(type, out var form))
        {
            return [$"{type} is not documented"];
        }

        if (response.TryGetProperty("x-problem-codes", out var codes) && !codes.EnumerateArray().Any(c => c.GetString() == answer.Code))
        {
            return [$"the code {answer.Code} is not documented"];
        }

        var result = Schema(form.GetProperty("schema").GetRawText()).Evaluate(JsonNode.Parse(answer.Body), Strict);
        return result.IsValid ? [] : result.Details.Where(d => d.HasErrors)
            .SelectMany(d => d.Errors!.Values.Select(e => $"{d.InstanceLocation} {e}")).Distinct().Take(5);
    }

    private JsonSchema Schema(string text)
    {
        if (!_schemas.TryGetValue(text, out var schema))
        {
            var whole = JsonNode.Parse(Local(text))!.AsObject();
            whole["$defs"] = _definitions.DeepClone();
            _schemas[text] = schema = JsonSchema.FromText(whole.ToJsonString());
        }

        return schema;
    }

    private JsonElement Resolve(JsonElement response) => response.TryGetProperty("$ref", out var reference)
        ? _document.GetProperty("components").GetProperty("responses").GetProperty(reference.GetString()!.Split('/')[^1])
        : response;

    private static bool Has(JsonElement response, string member, string name) =>
        response.TryGetProperty(member, out var all) && all.TryGetProperty(name, out _);

    private static string Local(string schema) => schema.Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal);
}
