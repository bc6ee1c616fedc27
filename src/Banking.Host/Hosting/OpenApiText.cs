using System.Text.Json.Nodes;
using Banking.Platform;
using Banking.Platform.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Banking.Host.Hosting;

/// <summary>
/// What the generated OpenAPI document cannot know by itself: the bearer token, the headers of commands, the shape of problems.
/// </summary>
internal static class OpenApiText
{
    public static void Configure(OpenApiOptions options)
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new() { Title = "Banking", Version = "v1", Description = "An event-sourced core bank: every balance is a replay of its events." };
            document.Components ??= new();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            document.Components.SecuritySchemes["bearer"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT" };
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            // The schema of a converter of our own says nothing by itself.
            if (context.JsonTypeInfo.Type is { IsEnum: true } type)
            {
                schema.Type = JsonSchemaType.String;
                schema.Enum = [.. Enum.GetNames(type).Select(n => JsonValue.Create(WireNames.Of(n)))];
            }

            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var metadata = context.Description.ActionDescriptor.EndpointMetadata;
            operation.Summary = metadata.OfType<IEndpointSummaryMetadata>().LastOrDefault()?.Summary ?? operation.Summary;
            operation.Description = metadata.OfType<IEndpointDescriptionMetadata>().LastOrDefault()?.Description;
            if (metadata.OfType<ITagsMetadata>().LastOrDefault() is { } tags)
            {
                operation.Tags = tags.Tags.Select(t => new OpenApiTagReference(t, context.Document)).ToHashSet();
            }

            foreach (var parameter in metadata.OfType<IQueryParameters>().SelectMany(p => p.Parameters))
            {
                operation.Parameters ??= [];
                operation.Parameters.Add(Query(parameter.Name, parameter.Description));
            }

            if (metadata.OfType<IAuthorizeData>().Any())
            {
                operation.Security = [new() { [new OpenApiSecuritySchemeReference("bearer", context.Document)] = [] }];
            }

            if (context.Description.HttpMethod == "POST" && context.Description.RelativePath?.StartsWith("v1/", StringComparison.Ordinal) == true)
            {
                operation.Parameters ??= [];
                if (!metadata.OfType<BatchAttribute>().Any())
                {
                    operation.Parameters.Add(Header("Idempotency-Key", "Of your own choice, the same again when you repeat. Required on everything that moves money."));
                }

                if (metadata.OfType<HonoursIfMatchAttribute>().Any())
                {
                    operation.Parameters.Add(Header("If-Match", "The ETag the account must still have, such as \"42\"."));
                }

                operation.Parameters.Add(Header("X-Correlation-ID", "Kept with every event that follows."));
            }

            return Task.CompletedTask;
        });
    }

    private static OpenApiParameter Query(string name, string description) => new()
    {
        Name = name,
        In = ParameterLocation.Query,
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static OpenApiParameter Header(string name, string description) => new()
    {
        Name = name,
        In = ParameterLocation.Header,
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };
}
