using System.Text.Json.Nodes;

namespace Banking.Architecture.Tests;

/// <summary>
/// Checks that a schema is compatible with an earlier version. It must not widen, because consumers built with the old schema read new
/// events. It must not narrow, because new consumers read old events. Only texts may change and optional members may be added; any other
/// change needs a new version of the contract.
/// </summary>
internal static class SchemaPromise
{
    private static readonly string[] Words = ["description", "title", "$comment", "examples", "deprecated"];
    private static readonly string[] Members = ["properties", "$defs"];
    private static readonly string[] Sets = ["required", "enum", "type"];

    /// <summary>Finds the incompatible changes, each with its place.</summary>
    public static IReadOnlyList<string> FindBroken(JsonNode? promised, JsonNode? now, string at = "#")
    {
        if (promised is not JsonObject before || now is not JsonObject after)
        {
            return JsonNode.DeepEquals(promised, now) ? [] : [$"{at} was {Format(promised)} and is {Format(now)}"];
        }

        return [.. before.Select(k => k.Key).Union(after.Select(k => k.Key)).Except(Words).SelectMany(Keyword)];

        IEnumerable<string> Keyword(string keyword)
        {
            var (old, recent, place) = (before[keyword], after[keyword], $"{at}/{keyword}");
            return Members.Contains(keyword) ? CompareMembers(old as JsonObject ?? [], recent as JsonObject ?? [], place)
                : Sets.Contains(keyword) ? CompareSets(Values(old), Values(recent), place)
                : FindBroken(old, recent, place);
        }
    }

    /// <summary>Added members are allowed here. The check of "required" finds those that are not optional.</summary>
    private static IEnumerable<string> CompareMembers(JsonObject promised, JsonObject now, string at) => promised.SelectMany(member =>
        now.ContainsKey(member.Key) ? FindBroken(member.Value, now[member.Key], $"{at}/{member.Key}") : [$"{at}/{member.Key} was removed"]);

    private static IEnumerable<string> CompareSets(HashSet<string> promised, HashSet<string> now, string at) =>
        [.. promised.Except(now).Select(v => $"{at} no longer has {v}"), .. now.Except(promised).Select(v => $"{at} now has {v}")];

    private static HashSet<string> Values(JsonNode? node) => node switch
    {
        null => [],
        JsonArray several => [.. several.Select(Format)],
        _ => [Format(node)],
    };

    private static string Format(JsonNode? node) => node?.ToJsonString() ?? "nothing";
}
