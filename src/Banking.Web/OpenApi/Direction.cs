using System.Text.RegularExpressions;
using Microsoft.OpenApi;

namespace Banking.Web.OpenApi;

/// <summary>
/// Tells schemas of requests from those of answers. Requests are strict: an unknown member is refused, null may be sent for a member that
/// may be left out. Answers may get further members, and a null member is left out of them.
/// </summary>
internal static partial class Direction
{
    public static void Apply(OpenApiDocument document)
    {
        var schemas = document.Components!.Schemas!;
        var ofRequests = new HashSet<string>();
        var bodies = document.Paths.Values.SelectMany(p => p.Operations!.Values).Select(o => o.RequestBody).OfType<IOpenApiRequestBody>();
        Collect(bodies.SelectMany(b => b.Content!.Values).Select(c => c.Schema), schemas, ofRequests);

        foreach (var (name, schema) in schemas)
        {
            if (schema is OpenApiSchema { Properties: not null } record)
            {
                record.AdditionalPropertiesAllowed |= !ofRequests.Contains(name);
                Describe(record, isAnswer: !ofRequests.Contains(name));
            }
        }
    }

    /// <summary>Adds the names of all components that the schemas are made of.</summary>
    private static void Collect(IEnumerable<IOpenApiSchema?> parts, IDictionary<string, IOpenApiSchema> all, HashSet<string> names)
    {
        foreach (var part in parts)
        {
            if (part is OpenApiSchemaReference { Reference.Id: { } id })
            {
                if (names.Add(id))
                {
                    Collect([all[id]], all, names);
                }
            }
            else if (part is OpenApiSchema schema)
            {
                Collect([.. schema.Properties?.Values ?? [], schema.Items, schema.AdditionalProperties, .. schema.OneOf ?? []], all, names);
            }
        }
    }

    private static void Describe(OpenApiSchema record, bool isAnswer)
    {
        record.Description = OneLine(record.Description);
        foreach (var (name, member) in record.Properties!.ToList())
        {
            PutOnOneLine(member);
            // A null member of an answer is left out, so a required one that may be null is written as null.
            if (isAnswer != (record.Required?.Contains(name) == true))
            {
                record.Properties![name] = WithoutNull(member);
            }
        }
    }

    private static IOpenApiSchema WithoutNull(IOpenApiSchema member)
    {
        if (member is not OpenApiSchema schema)
        {
            return member;
        }

        if (schema.OneOf is { Count: 2 } either && either.FirstOrDefault(e => e.Type != JsonSchemaType.Null) is { } value
            && either.Any(e => e.Type == JsonSchemaType.Null))
        {
            return value;
        }

        if (schema.Type is { } type && type != JsonSchemaType.Null)
        {
            schema.Type = type & ~JsonSchemaType.Null;
        }

        return schema;
    }

    /// <summary>A member whose type is a record of its own is a reference, which has the member's comment itself.</summary>
    private static void PutOnOneLine(IOpenApiSchema member)
    {
        switch (member)
        {
            case OpenApiSchemaReference { Reference: { Description: { } comment } reference }:
                reference.Description = OneLine(comment);
                break;
            case OpenApiSchema inline:
                inline.Description = OneLine(inline.Description);
                foreach (var either in inline.OneOf ?? [])
                {
                    PutOnOneLine(either);
                }

                break;
        }
    }

    /// <summary>Comments in the code have line breaks.</summary>
    private static string? OneLine(string? text) => text is null ? null : Spaces().Replace(text, " ").Trim();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
