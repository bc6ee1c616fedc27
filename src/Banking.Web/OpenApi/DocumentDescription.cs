using Microsoft.OpenApi;

namespace Banking.Web.OpenApi;

/// <summary>What the document says once for all operations.</summary>
internal static class DocumentDescription
{
    private static readonly (string Name, string Description)[] OfTheHost =
    [
        ("Problems", "The problems that the bank answers, with what to do about each."),
        ("Development", "Tokens for callers on this machine, in Development only."),
    ];

    public static void Apply(
        OpenApiDocument document, ProblemCatalogue problems, IReadOnlyList<BankModule> modules, IReadOnlyList<string> servers)
    {
        document.Info = new()
        {
            Title = "Banking",
            Version = "v1",
            Description = "An event-sourced core bank: every balance is a replay of its events.",
            License = new() { Name = "MIT", Identifier = "MIT" },
        };
        document.Servers = [.. servers.Select(s => new OpenApiServer { Url = s })];
        // The order in which endpoints are found does not matter to readers, and a stable one makes changes visible.
        var paths = document.Paths.OrderBy(p => p.Key, StringComparer.Ordinal).ToList();
        document.Paths.Clear();
        foreach (var (path, item) in paths)
        {
            document.Paths[path] = item;
        }

        DescribePaths(document, modules);
        document.Components ??= new();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            ["bearer"] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                BearerFormat = "JWT",
                Description = "An access token of the issuer that the bank is configured for. In Development, POST /dev/token issues one.",
            },
        };
        CommonAnswers.Add(document, problems);
        document.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>();
        document.Components.Schemas.Remove("IResult");
        document.Components.Schemas["Problem"] = ProblemSchema.Create(problems);
        var used = document.Paths.Values.SelectMany(p => p.Operations!.Values).SelectMany(o => o.Tags ?? new HashSet<OpenApiTagReference>())
            .Select(t => t.Reference.Id!).ToHashSet();
        document.Tags = modules.SelectMany(m => m.Tags).Concat(OfTheHost)
            .Where(t => used.Contains(t.Item1))
            .Select(t => new OpenApiTag { Name = t.Item1, Description = t.Item2 }).ToHashSet();
        Direction.Apply(document);
        Examples.Add(document);
    }

    private static void DescribePaths(OpenApiDocument document, IReadOnlyList<BankModule> modules)
    {
        foreach (var (described, description) in modules.SelectMany(m => m.PathParameters))
        {
            var name = described[(described.LastIndexOf('{') + 1)..^1];
            var parameters = document.Paths.Where(p => p.Key.StartsWith(described, StringComparison.Ordinal))
                .SelectMany(p => p.Value.Operations!.Values).SelectMany(o => o.Parameters ?? [])
                .Where(p => p.In == ParameterLocation.Path && p.Name == name);
            foreach (var parameter in parameters)
            {
                parameter.Description = description;
            }
        }
    }
}
