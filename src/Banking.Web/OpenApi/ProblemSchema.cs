using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Banking.Web.OpenApi;

/// <summary>The schema of problem documents (RFC 9457).</summary>
internal static class ProblemSchema
{
    public static OpenApiSchema Create(ProblemCatalogue problems) => new()
    {
        Type = JsonSchemaType.Object,
        Description = "Why a request was not done. Facts about the problem are further members; the catalogue names them for each code.",
        Required = new HashSet<string> { "type", "title", "status", "detail", "code", "applied", "traceId" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["type"] = Text("The address of the code's description."),
            ["title"] = Text("The code in words."),
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32", Description = "The status of the answer." },
            ["detail"] = Text("What happened, for people."),
            ["code"] = new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Description = "The stable code, for programs.",
                Enum = [.. problems.All.Select(p => p.Code).Order(StringComparer.Ordinal).Select(c => (JsonNode)JsonValue.Create(c))],
            },
            ["applied"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Boolean | JsonSchemaType.Null,
                Description = "false: the command was not applied; null: that is unknown until it is repeated with its key.",
            },
            ["traceId"] = Text("The id of the request in the log of the host."),
            ["errors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Array,
                Description = "The faulty members of the body, where there are any.",
                Items = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Required = new HashSet<string> { "pointer", "detail" },
                    Properties = new Dictionary<string, IOpenApiSchema>
                    {
                        ["pointer"] = Text("The JSON pointer to the member, as a fragment: #/amount/value."),
                        ["detail"] = Text("What is wrong with it."),
                    },
                },
            },
        },
        AdditionalProperties = new OpenApiSchema(),
    };

    private static OpenApiSchema Text(string description) => new() { Type = JsonSchemaType.String, Description = description };
}
