using System.Text.Json.Nodes;

namespace Banking.Architecture.Tests;

/// <summary>
/// Whether a schema keeps what an earlier one promised. Programs of others read today's events by the schema they were built with, so it
/// may not widen; and events that were told long ago are read again by today's, so it may not narrow. What is left: words may change and
/// optional members may come. All else is another version of the contract.
/// </summary>
internal static class SchemaPromise
{
    private static readonly string[] Words = ["description", "title", "$comment", "examples", "deprecated"];
    private static readonly string[] Members = ["properties", "$defs"];
    private static readonly string[] Sets = ["required", "enum", "type"];

    /// <summary>What is broken, each with its place; nothing where the promise is kept.</summary>
    public static IReadOnlyList<string> Broken(JsonNode? promised, JsonNode? now, string at = "#")
    {
        if (promised is not JsonObject before || now is not JsonObject after)
        {
            return JsonNode.DeepEquals(promised, now) ? [] : [$"{at} was {Say(promised)} and is {Say(now)}"];
        }

        return [.. before.Select(k => k.Key).Union(after.Select(k => k.Key)).Except(Words).SelectMany(Keyword)];

        IEnumerable<string> Keyword(string keyword)
        {
            var (old, recent, place) = (before[keyword], after[keyword], $"{at}/{keyword}");
            return Members.Contains(keyword) ? OfMembers(old as JsonObject ?? [], recent as JsonObject ?? [], place)
                : Sets.Contains(keyword) ? OfSets(Values(old), Values(recent), place)
                : Broken(old, recent, place);
        }
    }

    /// <summary>A member that is new must be one that nobody needs: whether it is required is seen where the required ones stand.</summary>
    private static IEnumerable<string> OfMembers(JsonObject promised, JsonObject now, string at) => promised.SelectMany(member =>
        now.ContainsKey(member.Key) ? Broken(member.Value, now[member.Key], $"{at}/{member.Key}") : [$"{at}/{member.Key} is gone"]);

    private static IEnumerable<string> OfSets(HashSet<string> promised, HashSet<string> now, string at) =>
        [.. promised.Except(now).Select(v => $"{at} no longer has {v}"), .. now.Except(promised).Select(v => $"{at} now has {v}")];

    private static HashSet<string> Values(JsonNode? node) => node switch
    {
        null => [],
        JsonArray several => [.. several.Select(Say)],
        _ => [Say(node)],
    };

    private static string Say(JsonNode? node) => node?.ToJsonString() ?? "nothing";
}
