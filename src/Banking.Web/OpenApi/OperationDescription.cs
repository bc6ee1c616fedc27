using System.Globalization;
using System.Text.Json.Nodes;
using Banking.Commands.Decisions;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.OpenApi;

namespace Banking.Web.OpenApi;

/// <summary>The texts, parameters and security of an operation.</summary>
internal static class OperationDescription
{
    public static void Apply(OpenApiOperation operation, EndpointFacts facts, OpenApiDocument document)
    {
        operation.Summary = facts.Find<IEndpointSummaryMetadata>()?.Summary;
        operation.Description = facts.Find<IEndpointDescriptionMetadata>()?.Description;
        if (facts.Find<ITagsMetadata>() is { } tags)
        {
            operation.Tags = tags.Tags.Select(t => new OpenApiTagReference(t, document)).ToHashSet();
        }

        operation.Security = facts.NeedsToken ? [new() { [new OpenApiSecuritySchemeReference("bearer", document)] = [] }] : [];
        operation.Parameters =
        [
            .. operation.Parameters ?? [], .. facts.Query.Select(q => Query(q, document)), .. Headers(facts), .. PositionHeaders(facts),
        ];
    }

    private static IEnumerable<OpenApiParameter> Headers(EndpointFacts facts)
    {
        if (facts.HasKey)
        {
            var key = Header(
                "Idempotency-Key",
                facts.IsBatch
                    ? "A key of the whole batch, to which its content is bound; each command has a key of its own as well."
                    : "A key chosen by the client. A repeat sends the same key and gets the same answer.",
                new() { Type = JsonSchemaType.String, MinLength = 1, MaxLength = CommandContext.MaxKeyLength },
                facts.Command?.IsKeyRequired == true);
            // Optional headers have no example: documentation pages would send it.
            key.Example = key.Required ? Examples.Key : null;
            yield return key;
        }

        if (facts.HasCorrelation)
        {
            yield return Header(
                "X-Correlation-ID", "Stored with every event of this request; the trace id when left out.",
                new() { Type = JsonSchemaType.String, MaxLength = 100 });
        }

        if (facts.Has<HonoursIfMatchAttribute>())
        {
            yield return Header("If-Match", "The ETag that the resource must have, such as \"42\".", AnyText);
        }

        if (facts.Has<HasVersionAttribute>())
        {
            yield return Header("If-None-Match", "The ETag that the caller has: the answer is 304 if it is still current.", AnyText);
        }
    }

    private static IEnumerable<OpenApiParameter> PositionHeaders(EndpointFacts facts)
    {
        if (facts.ChecksPosition)
        {
            yield return Header(
                "Ledger-Min-Position",
                "A Ledger-Position that the caller has seen, alone or after its Ledger-Epoch and a colon: the request is refused if a "
                    + "restored log does not have it.",
                Position);
        }

        if (facts.HasPosition)
        {
            yield return Header(
                "Ledger-Min-Position",
                "A Ledger-Position, alone or after its Ledger-Epoch and a colon: the answer includes everything up to it, or says "
                    + "Ledger-Stale.",
                Position);
            yield return Header(
                "Prefer", "wait=SECONDS: how long to wait for that position, or for what was recorded by knownAt, up to 30 seconds.",
                AnyText);
        }
    }

    private static OpenApiParameter Query(QueryParameter parameter, OpenApiDocument document) => new()
    {
        Name = parameter.Name,
        In = ParameterLocation.Query,
        Description = parameter.Description,
        Required = parameter.IsRequired,
        // An enumeration has a schema of its own, because answers have it too.
        Schema = parameter.Type.IsEnum ? new OpenApiSchemaReference(parameter.Type.Name, document) : Schema(parameter),
    };

    private static OpenApiSchema Schema(QueryParameter parameter)
    {
        var (type, format) = SchemaDescription.FormOf(parameter.Type);
        return new()
        {
            Type = type,
            Format = format,
            Enum = parameter.Values?.Select(v => (JsonNode)JsonValue.Create(v)).ToList(),
            Minimum = parameter.Range.Minimum == long.MinValue ? null : Text(parameter.Range.Minimum),
            Maximum = parameter.Range.Maximum == long.MaxValue ? null : Text(parameter.Range.Maximum),
        };
    }

    private static OpenApiParameter Header(string name, string description, OpenApiSchema schema, bool isRequired = false) => new()
    {
        Name = name,
        In = ParameterLocation.Header,
        Description = description,
        Required = isRequired,
        Schema = schema,
    };

    private static OpenApiSchema Position => new() { Type = JsonSchemaType.String, Pattern = "^([0-9a-f]{32}:)?[0-9]+$" };

    private static OpenApiSchema AnyText => new() { Type = JsonSchemaType.String };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
