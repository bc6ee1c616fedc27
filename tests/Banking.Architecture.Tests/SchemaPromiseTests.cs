using System.Text.Json.Nodes;

namespace Banking.Architecture.Tests;

/// <summary>Tests every kind of incompatible and of compatible change.</summary>
public sealed class SchemaPromiseTests
{
    private const string Promised =
        """
        {
          "$id": "/contracts/banking.a.b.v1.json", "title": "banking.a.b.v1", "type": "object", "description": "What happened.",
          "properties": {
            "id": { "type": "string", "pattern": "^acc_[0-9a-f]{32}$" },
            "at": { "type": "string", "format": "date-time" },
            "scope": { "type": "string", "enum": ["debit", "credit"] },
            "note": { "type": "string" },
            "amount": { "type": "object", "properties": { "value": { "type": "string" } }, "required": ["value"] }
          },
          "required": ["id", "at", "scope", "amount"], "additionalProperties": true
        }
        """;

    [Theory]
    [InlineData("a member is removed", """ "note": { "type": "string" }, """, "")]
    [InlineData("a member is renamed", "\"note\"", "\"remark\"")]
    [InlineData("a required member becomes optional", "\"at\", ", "")]
    [InlineData("an optional member becomes required", "[\"id\", ", "[\"id\", \"note\", ")]
    [InlineData("a required member is added", "\"at\", \"scope\", \"amount\"], ", "\"at\", \"scope\", \"amount\", \"more\"], ")]
    [InlineData("a type changes", "\"note\": { \"type\": \"string\"", "\"note\": { \"type\": \"integer\"")]
    [InlineData("a type may be null", "\"note\": { \"type\": \"string\"", "\"note\": { \"type\": [\"string\", \"null\"]")]
    [InlineData("a format changes", "date-time", "date")]
    [InlineData("a format goes", ", \"format\": \"date-time\"", "")]
    [InlineData("a value is removed", "[\"debit\", \"credit\"]", "[\"debit\"]")]
    [InlineData("a value is added", "[\"debit\", \"credit\"]", "[\"debit\", \"credit\", \"all\"]")]
    [InlineData("any value is allowed", ", \"enum\": [\"debit\", \"credit\"]", "")]
    [InlineData("a pattern changes", "^acc_", "^cus_")]
    [InlineData("it is narrowed", "\"note\": { \"type\": \"string\"", "\"note\": { \"type\": \"string\", \"maxLength\": 10")]
    [InlineData("it is closed", "\"additionalProperties\": true", "\"additionalProperties\": false")]
    [InlineData("a member within changes", "\"value\": { \"type\": \"string\" }", "\"value\": { \"type\": \"number\" }")]
    [InlineData("a member within becomes optional", "\"required\": [\"value\"]", "\"required\": []")]
    [InlineData("it is another contract", "/contracts/banking.a.b.v1.json", "/contracts/banking.a.c.v1.json")]
    public void The_promise_is_broken_when(string what, string old, string recent)
    {
        var broken = Compare(old, recent);

        Assert.True(broken.Count > 0, $"Not found: {what}.");
        Assert.All(broken, b => Assert.StartsWith("#/", b, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("nothing changes", "\"note\"", "\"note\"")]
    [InlineData("an optional member is added", "\"note\": {", "\"more\": { \"type\": \"string\", \"enum\": [\"a\"] }, \"note\": {")]
    [InlineData(
        "an optional member within is added",
        "\"properties\": { \"value\"",
        "\"properties\": { \"more\": { \"type\": \"string\" }, \"value\"")]
    [InlineData("texts change", "What happened.", "What has happened.")]
    [InlineData("texts are added", "\"note\": { \"type\"", "\"note\": { \"description\": \"A note.\", \"type\"")]
    [InlineData("values are in another order", "[\"debit\", \"credit\"]", "[\"credit\", \"debit\"]")]
    [InlineData("required members are in another order", "[\"id\", \"at\", ", "[\"at\", \"id\", ")]
    [InlineData("one type is a list of one", "\"note\": { \"type\": \"string\"", "\"note\": { \"type\": [\"string\"]")]
    public void The_promise_is_kept_when(string what, string old, string recent)
    {
        var broken = Compare(old, recent);

        Assert.True(broken.Count == 0, $"Nothing is wrong when {what}: {string.Join("; ", broken)}");
    }

    private static IReadOnlyList<string> Compare(string old, string recent)
    {
        Assert.Contains(old.Trim(), Promised, StringComparison.Ordinal);
        return SchemaPromise.FindBroken(
            JsonNode.Parse(Promised), JsonNode.Parse(Promised.Replace(old.Trim(), recent, StringComparison.Ordinal)));
    }
}
