using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.OpenApi;
using NJsonSchema.CodeGeneration.CSharp;
using NSwag.CodeGeneration.CSharp;
using NSwag.CodeGeneration.OperationNameGenerators;

namespace ClientGenerator;

/// <summary>The source of Banking.Client, made from the bank's OpenAPI document.</summary>
internal static partial class CSharpClient
{
    private const string Json = "application/json";

    /// <summary>
    /// Query parameters that change the type of an answer, with the end of the method's name and the status of that answer.
    /// </summary>
    private static readonly (string Parameter, string Suffix, string Status)[] Variants =
        [("dryRun", "DryRun", "200"), ("propose", "Proposal", "202")];

    public static async Task<string> GenerateAsync(string document)
    {
        var read = Microsoft.OpenApi.OpenApiDocument.Parse(document, "json");
        if (read.Diagnostic?.Errors is [var error, ..] || read.Document is null)
        {
            throw new InvalidOperationException($"The OpenAPI document cannot be read: {read.Diagnostic?.Errors.FirstOrDefault()}");
        }

        // NSwag reads version 3.0 of OpenAPI.
        var former = JsonNode.Parse(await read.Document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_0))!.AsObject();
        Simplify(former);
        SplitVariants(former);
        CheckSuccess(former);
        var source = new CSharpClientGenerator(await NSwag.OpenApiDocument.FromJsonAsync(former.ToJsonString()), Settings).GenerateFile();
        // System.Text.Json has an attribute of its own for the values of enumerations; in queries the client uses the other.
        return EnumMember().Replace(source, "$0[System.Text.Json.Serialization.JsonStringEnumMemberName($1)]").ReplaceLineEndings("\n");
    }

    [GeneratedRegex("""\[System\.Runtime\.Serialization\.EnumMember\(Value = (@"[^"]*")\)\]""")]
    private static partial Regex EnumMember();

    private static CSharpClientGeneratorSettings Settings => new()
    {
        ClassName = "BankClient",
        ExceptionClass = "BankException",
        InjectHttpClient = true,
        DisposeHttpClient = false,
        UseBaseUrl = false,
        // With offset and fraction: without them the bank would read another instant.
        ParameterDateTimeFormat = "O",
        GenerateOptionalParameters = true,
        ParameterNameGenerator = new ParameterNames(),
        OperationNameGenerator = new SingleClientFromOperationIdOperationNameGenerator(),
        CSharpGeneratorSettings =
        {
            Namespace = "Banking.Client",
            JsonLibrary = CSharpJsonLibrary.SystemTextJson,
            ClassStyle = CSharpClassStyle.Poco,
            GenerateDataAnnotations = false,
            GenerateNullableReferenceTypes = true,
            GenerateOptionalPropertiesAsNullable = true,
            UseRequiredKeyword = true,
            DateType = "System.DateOnly",
            ArrayType = "System.Collections.Generic.IReadOnlyList",
            ArrayInstanceType = "System.Collections.Generic.List",
        },
    };

    /// <summary>
    /// Makes methods of their own of each dry run and each proposal, whose answers have other types. A method returns one type.
    /// </summary>
    private static void SplitVariants(JsonObject document)
    {
        var paths = document["paths"]!.AsObject();
        foreach (var (path, item) in paths.ToList())
        {
            foreach (var (method, operation) in item!.AsObject().ToList())
            {
                var variants = Variants.Where(v => Take(operation!, v.Parameter)).ToList();
                foreach (var (parameter, suffix, status) in variants)
                {
                    var variant = operation!.DeepClone();
                    variant["operationId"] = operation["operationId"] + suffix;
                    var answers = variant["responses"]!.AsObject();
                    foreach (var other in answers.Select(a => a.Key).Where(s => s[0] == '2' && s != status).ToList())
                    {
                        answers.Remove(other);
                    }

                    paths[$"{path}?{parameter}=true"] = new JsonObject { [method] = variant };
                }

                variants.ForEach(v => operation!["responses"]!.AsObject().Remove(v.Status));
            }
        }
    }

    /// <summary>Removes a parameter of an operation; false if it has none of that name.</summary>
    private static bool Take(JsonNode operation, string name)
    {
        var parameter = operation["parameters"]?.AsArray().FirstOrDefault(p => p!["name"]!.ToString() == name);
        return parameter is not null && operation["parameters"]!.AsArray().Remove(parameter);
    }

    /// <summary>
    /// Makes one answer of all problems of an operation, because a client treats them alike: by their code. Codes are text, so that a
    /// client understands a bank that has further ones. Of several forms of an answer the client reads JSON. If-None-Match is left out,
    /// because a 304 would be an exception.
    /// </summary>
    private static void Simplify(JsonObject document)
    {
        document["components"]!["schemas"]!["Problem"]!["properties"]!["code"]!.AsObject().Remove("enum");
        foreach (var operation in document["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject()).Select(o => o.Value!.AsObject()))
        {
            (operation["parameters"] as JsonArray)?.RemoveAll(p => (string?)p!["name"] == "If-None-Match");
            var answers = operation["responses"]!.AsObject();
            foreach (var status in answers.Select(a => a.Key).Where(s => s[0] != '2').ToList())
            {
                answers.Remove(status);
            }

            foreach (var (_, answer) in answers)
            {
                KeepJson(answer!.AsObject());
            }

            answers["default"] = JsonNode.Parse(
                """
                {"description":"The request was not done.",
                 "content":{"application/problem+json":{"schema":{"$ref":"#/components/schemas/Problem"}}}}
                """);
        }
    }

    private static void KeepJson(JsonObject answer)
    {
        if (answer["content"]?[Json] is { } json)
        {
            answer["content"] = new JsonObject { [Json] = json.DeepClone() };
        }
    }

    /// <summary>A method returns one type: NSwag would throw an exception for a success with another one.</summary>
    private static void CheckSuccess(JsonObject document)
    {
        foreach (var operation in document["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject()).Select(o => o.Value!))
        {
            var schemas = operation["responses"]!.AsObject().Where(a => a.Key != "default")
                .Select(a => a.Value!["content"]?[Json]?["schema"]).ToList();
            if (schemas.Any(s => !JsonNode.DeepEquals(s, schemas[0])))
            {
                throw new InvalidOperationException(
                    $"The operation {operation["operationId"]} answers success with two different schemas: give each a path of its own.");
            }
        }
    }
}
