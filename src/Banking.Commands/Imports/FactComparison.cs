using System.Text.Json.Nodes;
using Banking.SharedKernel;

namespace Banking.Commands.Imports;

/// <summary>Compares two events member by member. A missing member equals null.</summary>
internal static class FactComparison
{
    /// <summary>The line of a row in its file is not compared.</summary>
    private const string Line = "source.line";

    /// <summary>Returns the first member that differs, with both values, or null.</summary>
    public static string? Difference(JsonNode? stored, JsonNode? given, string path = "")
    {
        if (path == Line || JsonNode.DeepEquals(stored, given))
        {
            return null;
        }

        if (stored is JsonObject one && given is JsonObject other && !IsMoney(one))
        {
            return one.Select(m => m.Key).Union(other.Select(m => m.Key))
                .Select(name => Difference(one[name], other[name], path.Length == 0 ? name : $"{path}.{name}"))
                .FirstOrDefault(difference => difference is not null);
        }

        return $"has {path} {Text(stored)} in the bank and {Text(given)} in the files";
    }

    private static bool IsMoney(JsonObject value) => value["minor"] is not null && value["currency"] is not null;

    private static string Text(JsonNode? value) => value switch
    {
        null => "nothing",
        JsonObject money when IsMoney(money) && Currency.TryParse((string?)money["currency"], out var currency) =>
            new Money((long)money["minor"]!, currency).ToString(),
        _ => value.ToJsonString(),
    };
}
