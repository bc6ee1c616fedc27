using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Banking.Web.OpenApi;

/// <summary>
/// The OpenAPI document of the bank. It is made from the types of requests and answers and from the metadata of endpoints, the same
/// metadata that the middleware obeys.
/// </summary>
public static class BankOpenApi
{
    /// <param name="servers">The addresses of the bank.</param>
    public static void Configure(OpenApiOptions options, IReadOnlyList<BankModule> modules, IReadOnlyList<string> servers)
    {
        var problems = new ProblemCatalogue(modules);
        var names = new SchemaNames();
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.CreateSchemaReferenceId = names.Of;
        options.AddSchemaTransformer((schema, context, _) =>
        {
            SchemaDescription.Apply(schema, context.JsonTypeInfo);
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var facts = EndpointFacts.Of(context.Description);
            OperationDescription.Apply(operation, facts, context.Document!);
            AnswerDescription.Apply(operation, facts, problems, context.Document!);
            return Task.CompletedTask;
        });
        options.AddDocumentTransformer((document, _, _) =>
        {
            DocumentDescription.Apply(document, problems, modules, servers);
            return Task.CompletedTask;
        });
    }
}
