using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Banking.Architecture.Tests;

/// <summary>In answers, the data of every event has money and ids in the form of the API.</summary>
public sealed partial class PublicEventDataTests
{
    public static TheoryData<string> Names => [.. Solution.Events.Select(e => e.EventTypeName)];

    [Theory]
    [MemberData(nameof(Names))]
    public void An_event_shows_no_id_without_its_prefix_and_no_minor_units(string name)
    {
        var example = Examples.All[Solution.Events.Single(e => e.EventTypeName == name).EventType];
        // What these name may be a stream of any kind: the audit looks it up.
        var further = Solution.PublicIds.Where(i => name.StartsWith(i.Events)).SelectMany(i => i.OfAnyStream)
            .ToDictionary(m => m, _ => (Func<JsonObject, string>)(_ => "acc"));

        var shown = Solution.EventData.Of(name, JsonNode.Parse(Solution.Serializer.ToJson(example)), further)!.ToJsonString();

        Assert.DoesNotMatch(BareId(), shown);
        Assert.DoesNotContain("\"minor\"", shown);
    }

    [Theory]
    [InlineData("""{"minor":-5,"currency":"EUR","scale":2}""", """{"value":"-0.05","currency":"EUR"}""")]
    [InlineData("""{"minor":1234,"currency":"KWD","scale":3}""", """{"value":"1.234","currency":"KWD"}""")]
    [InlineData("""{"minor":"1","currency":"EUR","scale":2}""", """{"minor":"1","currency":"EUR","scale":2}""")]
    [InlineData("""{"minor":1,"currency":"EUR"}""", """{"minor":1,"currency":"EUR"}""")]
    [InlineData("null", "null")]
    public void Money_that_cannot_be_read_is_shown_as_stored(string stored, string shown) => Assert.Equal(
        $$"""{"amount":{{shown}}}""",
        Solution.EventData.Of("accounts.money-deposited.v1", JsonNode.Parse($$"""{"amount":{{stored}}}"""))!.ToJsonString());

    [Theory]
    [InlineData("deposit", 1, "dep_")]
    [InlineData("withdrawal", 1, "wdr_")]
    [InlineData("transfer", 1, "trf_")]
    [InlineData("transfer", 2, "cor_")]
    public void A_correction_corrects_a_transaction_or_a_correction(string of, int corrects, string prefix)
    {
        static string Id(int number) => $"019b9408-b280-7000-8000-00000000000{number}";
        var stored = JsonNode.Parse(
            $$$"""{"correction":{"id":"{{{Id(3)}}}","corrects":"{{{Id(corrects)}}}","transaction":"{{{Id(1)}}}","of":"{{{of}}}"}}""");

        var shown = Solution.EventData.Of("accounts.movement-reversed.v1", stored)!["correction"]!;

        Assert.StartsWith("cor_", (string?)shown["id"]);
        Assert.StartsWith(prefix, (string?)shown["corrects"]);
        Assert.Equal($"{of switch { "deposit" => "dep", "withdrawal" => "wdr", _ => "trf" }}_{Id(1).Replace("-", "")}",
            (string?)shown["transaction"]);
    }

    [GeneratedRegex("\"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\"")]
    private static partial Regex BareId();
}
