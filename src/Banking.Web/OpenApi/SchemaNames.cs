using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.OpenApi;

namespace Banking.Web.OpenApi;

/// <summary>The name of a record in the OpenAPI document, where two records of one name would be taken for one.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class SchemaNameAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}

/// <summary>The names of schemas: those of their types, or of a <see cref="SchemaNameAttribute"/>.</summary>
internal sealed class SchemaNames
{
    private readonly ConcurrentDictionary<string, Type> _types = new(StringComparer.Ordinal);

    /// <summary>The name; null for a type whose schema is written where it is used.</summary>
    /// <exception cref="InvalidOperationException">Two types have the name.</exception>
    public string? Of(JsonTypeInfo info)
    {
        if (info.Type == typeof(JsonElement) || info.Type == typeof(JsonNode)
            || OpenApiOptions.CreateDefaultSchemaReferenceId(info) is not { } usual)
        {
            return null;
        }

        var type = Nullable.GetUnderlyingType(info.Type) ?? info.Type;
        var name = Given(type) ?? usual;
        var other = _types.GetOrAdd(name, type);
        return other == type
            ? name
            : throw new InvalidOperationException($"{type} and {other} are both {name} in the OpenAPI document: give one a SchemaName.");
    }

    /// <summary>A given name, which the names of generic types are made from too: PageOfNAME.</summary>
    private static string? Given(Type type) =>
        type.GetCustomAttributes(typeof(SchemaNameAttribute), false) is [SchemaNameAttribute given] ? given.Name
        : type.IsGenericType && type.GetGenericArguments() is [var item] && Given(item) is { } inner
            ? $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}Of{inner}"
        : null;
}
