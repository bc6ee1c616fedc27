using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.EventStore.Keys;

namespace Banking.EventStore.Sealing;

/// <summary>The name of a member of stored JSON whose text is sealed; also what it is sealed as.</summary>
public sealed record SealedMember(string Name);

/// <summary>Opens sealed members in stored JSON, for answers that show it without reading it into the types of this version.</summary>
public sealed class SealedMembers(SealedTexts texts, IEnumerable<SealedMember> members)
{
    private readonly HashSet<string> _names = [.. members.Select(m => m.Name)];

    /// <summary>The same JSON with its sealed members opened.</summary>
    /// <exception cref="KeyUnavailableException">The key cannot be used.</exception>
    /// <exception cref="DamagedTextException">A text was changed.</exception>
    public JsonNode? Open(JsonNode? stored) => Convert(stored, (name, text) => JsonNode.Parse(texts.Open(name, text)));

    /// <summary>The same JSON with those members opened that can be. The others stay as stored.</summary>
    public JsonNode? OpenIfPossible(JsonNode? stored) => Convert(stored, (name, text) =>
    {
        try
        {
            return JsonNode.Parse(texts.Open(name, text));
        }
        catch (Exception failure) when (failure is KeyUnavailableException or DamagedTextException)
        {
            // Shown as stored. Health reports the key, and verify the text.
            return text;
        }
    });

    /// <summary>The same JSON without these members, sealed or not.</summary>
    public JsonNode? Without(JsonNode? stored) => stored switch
    {
        JsonObject members => new JsonObject(members.Where(m => !_names.Contains(m.Key))
            .Select(m => KeyValuePair.Create(m.Key, Without(m.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Without)]),
        _ => stored?.DeepClone(),
    };

    /// <summary>Whether the JSON has any of these members, sealed or not.</summary>
    public bool AreIn(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().Any(m => _names.Contains(m.Name) || AreIn(m.Value)),
        JsonValueKind.Array => json.EnumerateArray().Any(AreIn),
        _ => false,
    };

    private JsonNode? Convert(JsonNode? node, Func<string, string, JsonNode?> open) => node switch
    {
        JsonObject members => new JsonObject(members.Select(m => KeyValuePair.Create(
            m.Key,
            _names.Contains(m.Key) && m.Value?.GetValueKind() == JsonValueKind.String
                ? open(m.Key, m.Value.GetValue<string>())
                : Convert(m.Value, open)))),
        JsonArray items => new JsonArray([.. items.Select(i => Convert(i, open))]),
        _ => node?.DeepClone(),
    };
}
