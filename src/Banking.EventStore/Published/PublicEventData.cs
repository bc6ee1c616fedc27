using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.SharedKernel;

namespace Banking.EventStore.Published;

/// <summary>
/// Shows stored data of events in the form of the API: money as a decimal string with its currency, and ids with their prefixes. It works
/// on the JSON, so that events of earlier versions and unreadable ones are shown too; what it does not know stays as stored.
/// </summary>
public sealed class PublicEventData(IEnumerable<PublicIds> modules)
{
    private readonly IReadOnlyList<PublicIds> _modules = [.. modules];

    /// <summary>The public form of an event's data.</summary>
    /// <param name="type">The stored type of the event.</param>
    /// <param name="further">The prefixes of members that only the caller knows.</param>
    public JsonNode? Of(string type, JsonNode? stored, IReadOnlyDictionary<string, Func<JsonObject, string>>? further = null)
    {
        var known = _modules.Where(m => type.StartsWith(m.Events, StringComparison.Ordinal)).SelectMany(m => m.Members)
            .Concat(further ?? new Dictionary<string, Func<JsonObject, string>>()).ToDictionary();
        return Convert(stored, null, "", known);
    }

    /// <summary>The public form of the money in stored data.</summary>
    public static JsonNode? WithMoney(JsonNode? stored) =>
        Convert(stored, null, "", new Dictionary<string, Func<JsonObject, string>>());

    private static JsonNode? Convert(
        JsonNode? node, JsonObject? owner, string path, IReadOnlyDictionary<string, Func<JsonObject, string>> ids) => node switch
        {
            JsonObject money when TryMoney(money) is { } amount => amount,
            JsonObject members => new JsonObject(members.Select(m => KeyValuePair.Create(
                m.Key, Convert(m.Value, members, path.Length == 0 ? m.Key : $"{path}.{m.Key}", ids)))),
            JsonArray items => new JsonArray([.. items.Select(i => Convert(i, owner, path, ids))]),
            JsonValue value when owner is not null && ids.TryGetValue(path, out var prefix) && TryId(value) is { } id =>
                PublicId.Format(prefix(owner), id),
            _ => node?.DeepClone(),
        };

    private static JsonObject? TryMoney(JsonObject stored)
    {
        if (stored.Count != 3 || !stored.ContainsKey("minor") || !stored.ContainsKey("currency") || !stored.ContainsKey("scale"))
        {
            return null;
        }

        try
        {
            var money = stored.Deserialize<Money>();
            return new() { ["value"] = money.ToDecimalString(), ["currency"] = money.Currency.Code };
        }
        catch (JsonException)
        {
            // Forged or unreadable: an audit shows it as it is.
            return null;
        }
    }

    private static Guid? TryId(JsonValue value) =>
        value.TryGetValue<string>(out var text) && Guid.TryParseExact(text, "D", out var id) && id != Guid.Empty ? id : null;
}
