using Microsoft.OpenApi;

namespace Banking.Web.OpenApi;

/// <summary>Problems that most operations answer alike. The document has them once, and operations refer to them.</summary>
internal static class CommonAnswers
{
    private static readonly Dictionary<int, string> Names = new()
    {
        [401] = "Unauthenticated",
        [403] = "Forbidden",
        [406] = "NotAcceptable",
        [413] = "BodyTooLarge",
        [415] = "UnsupportedBody",
        [429] = "TooManyRequests",
        [500] = "BankFault",
    };

    /// <summary>A reference to the common answer; null if this one has other codes.</summary>
    public static OpenApiResponseReference? TryFind(
        int status, IReadOnlyList<string> codes, ProblemCatalogue problems, OpenApiDocument document) =>
        Names.TryGetValue(status, out var name) && codes.SequenceEqual(Codes(status, problems)) ? new(name, document) : null;

    public static void Add(OpenApiDocument document, ProblemCatalogue problems)
    {
        document.Components!.Responses ??= new Dictionary<string, IOpenApiResponse>();
        foreach (var (status, name) in Names)
        {
            document.Components.Responses[name] = AnswerDescription.Problem(status, [.. Codes(status, problems)], document);
        }
    }

    private static IEnumerable<string> Codes(int status, ProblemCatalogue problems) =>
        OperationProblems.OfMost.Where(code => ProblemCatalogue.Statuses(problems.Find(code)).Contains(status));
}
