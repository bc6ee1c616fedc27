using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Banking.EventStore.Json;
using Microsoft.OpenApi;

namespace Banking.Web.OpenApi;

/// <summary>
/// The record whose members the OpenAPI document shows for a type, because a converter reads the type in that form. Its members are texts.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class DescribedAsAttribute(Type type) : Attribute
{
    public Type Type { get; } = type;
}

/// <summary>
/// Adds to the schema of a type what only the bank's own JSON knows: values of enumerations, instants, and which members are present.
/// </summary>
internal static class SchemaDescription
{
    public static void Apply(OpenApiSchema schema, JsonTypeInfo info)
    {
        var type = Nullable.GetUnderlyingType(info.Type) ?? info.Type;
        if (type.IsEnum)
        {
            schema.Type = JsonSchemaType.String;
            schema.Enum = [.. Enum.GetNames(type).Select(n => JsonValue.Create(WireNames.Of(n)))];
        }
        else if (type == typeof(DateTimeOffset))
        {
            // The generator cannot see what a converter writes. A nullable instant of a request may also be null.
            schema.Type = type == info.Type ? JsonSchemaType.String : JsonSchemaType.String | JsonSchemaType.Null;
            schema.Format = "date-time";
        }
        else if (type.GetCustomAttributes(typeof(DescribedAsAttribute), false) is [DescribedAsAttribute described])
        {
            Describe(schema, info.Options.GetTypeInfo(described.Type));
        }
        else if (info.Kind == JsonTypeInfoKind.Object)
        {
            foreach (var property in info.Properties)
            {
                DescribePresence(schema, property);
                DescribeInstant(schema, property);
            }
        }
    }

    /// <summary>The form of a parameter's value.</summary>
    public static (JsonSchemaType Type, string? Format) FormOf(Type type) =>
        type == typeof(int) ? (JsonSchemaType.Integer, "int32")
        : type == typeof(long) ? (JsonSchemaType.Integer, "int64")
        : type == typeof(bool) ? (JsonSchemaType.Boolean, null)
        : type == typeof(DateOnly) ? (JsonSchemaType.String, "date")
        : type == typeof(DateTimeOffset) ? (JsonSchemaType.String, "date-time")
        : (JsonSchemaType.String, null);

    /// <summary>Gives the schema the members of a type, all of which are texts.</summary>
    private static void Describe(OpenApiSchema schema, JsonTypeInfo form)
    {
        schema.Type = JsonSchemaType.Object;
        schema.Properties = form.Properties.ToDictionary(
            p => p.Name, IOpenApiSchema (_) => new OpenApiSchema { Type = JsonSchemaType.String });
        schema.Required = form.Properties.Select(p => p.Name).ToHashSet();
    }

    private static bool IsWrittenAsNull(JsonPropertyInfo property) =>
        property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), true) is
            [JsonIgnoreAttribute { Condition: JsonIgnoreCondition.Never }];

    /// <summary>Null members are left out of answers, so that only members that cannot be null are always present.</summary>
    private static void DescribePresence(OpenApiSchema schema, JsonPropertyInfo property)
    {
        if (property.AttributeProvider?.IsDefined(typeof(RequiredAttribute), true) == true)
        {
            schema.Required ??= new HashSet<string>();
            schema.Required.Add(property.Name);
            if (schema.Properties?.TryGetValue(property.Name, out var described) == true && described is OpenApiSchema member)
            {
                member.Default = null;
            }
        }
        else if (property.IsGetNullable && !IsWrittenAsNull(property))
        {
            schema.Required?.Remove(property.Name);
        }
    }

    /// <summary>A member that is text because its bytes are fixed, but always an instant.</summary>
    private static void DescribeInstant(OpenApiSchema schema, JsonPropertyInfo property)
    {
        if (property.AttributeProvider?.GetCustomAttributes(typeof(DataTypeAttribute), true) is
                [DataTypeAttribute { DataType: DataType.DateTime }]
            && schema.Properties?.TryGetValue(property.Name, out var described) == true && described is OpenApiSchema member)
        {
            member.Format = "date-time";
        }
    }
}
