using System.Text.Json.Nodes;
using Banking.EventStore.Json;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Banking.Host.Hosting;

/// <summary>
/// Adds to the generated OpenAPI document: the bearer token, the headers of commands, the values of enumerations, query parameters and
/// texts.
/// </summary>
internal static class OpenApiTransformers
{
    public static void Configure(OpenApiOptions options)
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddDocumentTransformer((document, _, _) =>
        {
            Describe(document);
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            AddEnumValues(schema, context.JsonTypeInfo.Type);
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var metadata = context.Description.ActionDescriptor.EndpointMetadata;
            AddTexts(operation, context, metadata);
            AddQueryParameters(operation, metadata);
            AddSecurity(operation, context, metadata);
            AddCommandHeaders(operation, context, metadata);
            return Task.CompletedTask;
        });
    }

    private static void Describe(OpenApiDocument document)
    {
        document.Info = new()
        {
            Title = "Banking",
            Version = "v1",
            Description = "An event-sourced core bank: every balance is a replay of its events.",
        };
        document.Components ??= new();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        document.Components.SecuritySchemes["bearer"] =
            new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT" };
    }

    /// <summary>The generator cannot see the values that the bank's own JSON converter writes.</summary>
    private static void AddEnumValues(OpenApiSchema schema, Type type)
    {
        if (type.IsEnum)
        {
            schema.Type = JsonSchemaType.String;
            schema.Enum = [.. Enum.GetNames(type).Select(n => JsonValue.Create(WireNames.Of(n)))];
        }
    }

    private static void AddTexts(OpenApiOperation operation, OpenApiOperationTransformerContext context, IList<object> metadata)
    {
        operation.Summary = metadata.OfType<IEndpointSummaryMetadata>().LastOrDefault()?.Summary ?? operation.Summary;
        operation.Description = metadata.OfType<IEndpointDescriptionMetadata>().LastOrDefault()?.Description;
        if (metadata.OfType<ITagsMetadata>().LastOrDefault() is { } tags)
        {
            operation.Tags = tags.Tags.Select(t => new OpenApiTagReference(t, context.Document)).ToHashSet();
        }
    }

    private static void AddQueryParameters(OpenApiOperation operation, IList<object> metadata)
    {
        foreach (var parameter in metadata.OfType<IQueryParameters>().SelectMany(p => p.Parameters))
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(Query(parameter.Name, parameter.Description));
        }
    }

    private static void AddSecurity(OpenApiOperation operation, OpenApiOperationTransformerContext context, IList<object> metadata)
    {
        if (metadata.OfType<IAuthorizeData>().Any())
        {
            operation.Security = [new() { [new OpenApiSecuritySchemeReference("bearer", context.Document)] = [] }];
        }
    }

    private static void AddCommandHeaders(OpenApiOperation operation, OpenApiOperationTransformerContext context, IList<object> metadata)
    {
        var (method, path) = (context.Description.HttpMethod, context.Description.RelativePath);
        if (method != "POST" || path?.StartsWith("v1/", StringComparison.Ordinal) != true)
        {
            return;
        }

        operation.Parameters ??= [];
        if (!metadata.OfType<BatchAttribute>().Any())
        {
            operation.Parameters.Add(Header(
                "Idempotency-Key", "A key chosen by the client. A repeat sends the same key. Required for all commands that move money."));
        }

        if (metadata.OfType<HonoursIfMatchAttribute>().Any())
        {
            operation.Parameters.Add(Header("If-Match", "The expected ETag of the account, such as \"42\"."));
        }

        operation.Parameters.Add(Header("X-Correlation-ID", "Stored with every event of this request."));
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
