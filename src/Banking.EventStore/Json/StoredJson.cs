using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Banking.EventStore.Streams;

namespace Banking.EventStore.Json;

/// <summary>
/// JSON of events and documents, for writing and for all readers (docs/decisions/0023). Reading is strict: a member is required unless its
/// type is nullable or its parameter has a default. A member that is unknown, repeated, null or of another type makes the whole unreadable.
/// Nothing is guessed.
/// </summary>
public static class StoredJson
{
    public static void Configure(JsonSerializerOptions json)
    {
        // Before Marten's own converters: enum members are stored under names that do not silently change when a C# member is renamed.
        json.Converters.Insert(0, new WireNames());
        json.Converters.Insert(0, new StoredInstant());
        json.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        // jsonb stores letters unescaped anyway; escaping would only make the log harder to read.
        json.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        json.PropertyNameCaseInsensitive = false;
        json.NumberHandling = JsonNumberHandling.Strict;
        json.AllowDuplicateProperties = false;
        json.RespectNullableAnnotations = true;
        json.RespectRequiredConstructorParameters = true;
        json.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        json.TypeInfoResolver = (json.TypeInfoResolver ?? new DefaultJsonTypeInfoResolver()).WithAddedModifier(Relax);
    }

    private static void Relax(JsonTypeInfo type)
    {
        // A null member is omitted when written, so it is optional when read.
        foreach (var member in type.Properties.Where(p => p.AssociatedParameter is { IsNullable: true }))
        {
            member.IsRequired = false;
        }

        if (type.Type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEventSourced<>)))
        {
            // A state is a cache, and a host of a later version may have stored one with more members.
            type.UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip;
        }
    }
}
