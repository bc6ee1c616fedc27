using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Banking.EventStore.Streams;

namespace Banking.EventStore.Json;

/// <summary>
/// How events and documents are written, and read by every reader (docs/decisions/0023). Strict in what is read: every member is required
/// unless its type can be null or its parameter has a default; one that is unknown, repeated, null, or of another type makes the whole
/// unreadable. Nothing is guessed.
/// </summary>
public static class StoredJson
{
    public static void Configure(JsonSerializerOptions json)
    {
        ArgumentNullException.ThrowIfNull(json);
        // Before the store's own: enum members are stored under names that a rename in C# must not reach unnoticed.
        json.Converters.Insert(0, new WireNames());
        json.Converters.Insert(0, new StoredInstant());
        json.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        // jsonb keeps the letters anyway; escaping them would only make the log harder to read.
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
        // What can be null is left out when it is, so it is not missed when it is read.
        foreach (var member in type.Properties.Where(p => p.AssociatedParameter is { IsNullable: true }))
        {
            member.IsRequired = false;
        }

        if (type.Type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEventSourced<>)))
        {
            // A state is a cache, and a host of a later version may have stored one that tells more.
            type.UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip;
        }
    }
}
