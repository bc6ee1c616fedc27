using System.Globalization;
using System.Net.Mime;
using System.Text.Json.Nodes;
using Banking.Commands.Receipts;
using Banking.Web.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.OpenApi;

namespace Banking.Web.OpenApi;

/// <summary>The answers of an operation: those that it declares, and its problems by status, with their headers.</summary>
internal static class AnswerDescription
{
    /// <summary>The codes of a response, for programs. The text of the response has them for people.</summary>
    public const string CodesExtension = "x-problem-codes";

    public static void Apply(OpenApiOperation operation, EndpointFacts facts, ProblemCatalogue problems, OpenApiDocument document)
    {
        KeepDeclared(operation, facts);
        foreach (var (status, codes) in ByStatus(facts, problems))
        {
            operation.Responses![Text(status)] =
                (IOpenApiResponse?)CommonAnswers.TryFind(status, codes, problems, document) ?? Problem(status, codes, document, facts);
        }
    }

    /// <summary>The codes of an operation by the status of the answer.</summary>
    public static SortedDictionary<int, List<string>> ByStatus(EndpointFacts facts, ProblemCatalogue problems)
    {
        var byStatus = new SortedDictionary<int, List<string>>();
        foreach (var problem in OperationProblems.Codes(facts).Select(problems.Find))
        {
            foreach (var status in problem.Kinds.Where(k => facts.CanRefuse(k, problem)).Select(HttpStatus.Of).Distinct())
            {
                byStatus[status] = [.. byStatus.GetValueOrDefault(status, []), problem.Code];
            }
        }

        return byStatus;
    }

    public static OpenApiResponse Problem(
        int status, IReadOnlyList<string> codes, OpenApiDocument document, EndpointFacts? facts = null) => new()
        {
            Description = $"{Meaning(status)} The code is {string.Join(codes.Count == 2 ? " or " : ", ", codes.Select(c => $"`{c}`"))}.",
            Content = new Dictionary<string, OpenApiMediaType>
            {
                [ProblemDocument.ContentType] = new OpenApiMediaType { Schema = new OpenApiSchemaReference("Problem", document) },
            },
            Headers = AnswerHeaders.OfProblem(status, codes, facts),
            Extensions = new Dictionary<string, IOpenApiExtension>
            {
                [CodesExtension] = new JsonNodeExtension(new JsonArray([.. codes.Select(c => JsonValue.Create(c))])),
            },
        };

    /// <summary>Keeps the answers that the endpoint declares: the framework adds one for the type that the method returns.</summary>
    private static void KeepDeclared(OpenApiOperation operation, EndpointFacts facts)
    {
        var declared = facts.Metadata.OfType<ProducesResponseTypeAttribute>().Select(p => p.StatusCode)
            .Select(Text).ToHashSet();
        var answers = operation.Responses!.Where(r => declared.Contains(r.Key)).ToList();
        operation.Responses = [];
        foreach (var (status, answer) in answers)
        {
            ((OpenApiResponse)answer).Description = Meaning(int.Parse(status, CultureInfo.InvariantCulture));
            ((OpenApiResponse)answer).Headers = AnswerHeaders.OfSuccess(status, facts);
            AddForms((OpenApiResponse)answer, facts);
            operation.Responses[status] = answer;
        }

        if (facts.Has<HasVersionAttribute>())
        {
            operation.Responses["304"] =
                new OpenApiResponse { Description = Meaning(304), Headers = AnswerHeaders.OfSuccess("304", facts) };
        }
    }

    /// <summary>Gives the answer the media types that the endpoint serves.</summary>
    private static void AddForms(OpenApiResponse answer, EndpointFacts facts)
    {
        var served = facts.Find<ServesAttribute>()?.MediaTypes ?? [MediaTypeNames.Application.Json];
        var json = answer.Content?.Values.FirstOrDefault() ?? Form(JsonSchemaType.Object);
        answer.Content = served.ToDictionary(
            type => type, type => type.EndsWith("json", StringComparison.Ordinal) ? json : Form(JsonSchemaType.String));
    }

    private static OpenApiMediaType Form(JsonSchemaType type) => new() { Schema = new OpenApiSchema { Type = type } };

    private static string Text(int status) => status.ToString(CultureInfo.InvariantCulture);

    private static string Meaning(int status) => status switch
    {
        200 => "Done.",
        201 => "Created.",
        202 => "Accepted: the work is done in the background.",
        304 => "The caller has the current version.",
        400 => "The request is malformed.",
        401 => "The caller is not known.",
        403 => "The caller may not do this.",
        404 => "There is no such thing, or the caller may not know it.",
        406 => "The answer cannot be given in an accepted form.",
        409 => "The state of the thing does not allow it, or a request with the same key is running.",
        410 => "It was deleted for ever, by a rule.",
        412 => "The thing is not at the version of If-Match.",
        413 => "The body is too large.",
        415 => "The body has a form that the bank does not read.",
        416 => "The position is beyond the end of the log.",
        422 => "A rule forbids it.",
        429 => "The caller exceeds its limit.",
        500 => "The bank has a fault.",
        503 => "The bank cannot do this now.",
        _ => throw new InvalidOperationException($"The status {status} has no meaning in the OpenAPI document: add it here."),
    };
}
