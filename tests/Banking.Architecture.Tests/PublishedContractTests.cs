using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Commands.Receipts;
using Banking.EventStore.Json;
using Banking.EventStore.Published;
using Banking.Publishing.Log;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.SystemTextJson;
using Json.Schema;

namespace Banking.Architecture.Tests;

/// <summary>Published events conform to their contracts, are readable with other libraries, and have no personal data.</summary>
public sealed partial class PublishedContractTests
{
    /// <summary>
    /// Members reviewed for personal data: none identifies a person without access to the bank. Review a new member before adding it.
    /// </summary>
    private static readonly string[] Reviewed =
    [
        "refusalId",
        "statementId",
        "sequence",
        "from",
        "to",
        "knownAt",
        "contentHash",
        "supersedes",
        "customerId",
        "product",
        "overdraftLimit",
        "effectiveAt",
        "scope",
        "limit",
        "depositId",
        "withdrawalId",
        "transferId",
        "toAccountId",
        "fromAccountId",
        "amount",
        "bankSide",
        "corrects",
        "class",
        "correctionId",
        "correctsId",
        "transactionId",
        "kind",
        "direction",
        "value",
        "currency",
        "code",
        "command",
        "commandHash",
        "reasons",
        "expiresAt",
        "result",
        "epoch",
        "formerEpoch",
        "firstPosition",
    ];

    /// <summary>Without these declarations the SDK reads extensions as texts.</summary>
    private static readonly CloudEventAttribute[] Numbers =
    [
        .. new[] { "streamversion", "previousversion" }.Select(name =>
            CloudEventAttribute.CreateExtension(name, CloudEventAttributeType.Integer)),
    ];

    private static readonly EvaluationOptions Strict = new() { RequireFormatValidation = true, OutputFormat = OutputFormat.List };

    public static TheoryData<string> Types => [.. Solution.Published.All.Select(c => c.Type)];

    [Fact]
    public void Every_event_of_an_account_is_published_but_the_one_that_changes_nothing() => Assert.Equal(
        [nameof(AccountCarriedForward)],
        Solution.Assemblies.SelectMany(a => a.GetTypes()).Where(t => !t.IsAbstract && t.IsAssignableTo(typeof(IAccountEvent)))
            .Except(Solution.Published.All.Select(c => c.Stored)).Select(t => t.Name));

    /// <summary>A publisher that releases a blocked account reads all its events by it; refusals are found by their documents.</summary>
    [Fact]
    public void A_contract_of_events_about_another_stream_says_which_stream_stores_them() => Assert.All(
        Solution.Published.All.Where(c => c.Stored != typeof(CommandRefused)), c => Assert.Equal(c.About is null, c.StoredIn is null));

    [Fact]
    public void A_name_is_unique_and_consists_of_subject_fact_and_version()
    {
        Assert.True(Solution.Published.All.Count >= 11);
        Assert.Equal(Solution.Published.All.Count, Solution.Published.All.Select(c => c.Type).Distinct().Count());
        Assert.All(Solution.Published.All, c => Assert.Matches(Shape(), c.Type));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void An_example_conforms_to_its_schema(string type)
    {
        var example = JsonNode.Parse(Example(type).Json.Span)!;

        var (schema, whole) = Schemas(type);

        Valid(schema, example["data"]);
        Valid(whole, example);
    }

    /// <summary>Without this test a schema could accept everything.</summary>
    [Theory]
    [MemberData(nameof(Types))]
    public void An_example_with_a_missing_or_wrong_member_does_not_conform(string type)
    {
        var (schema, whole) = Schemas(type);
        var example = JsonNode.Parse(Example(type).Json.Span)!.AsObject();

        // Events that were published before there were epochs have none.
        Assert.All(example.Select(m => m.Key).Where(m => m is not ("previousversion" or "epoch")), name =>
            Assert.False(whole.Evaluate(Without(example, name), Strict).IsValid, name));
        Assert.All(example, m => Assert.False(whole.Evaluate(With(example, m.Key, true), Strict).IsValid, m.Key));
        var data = example["data"]!.AsObject();
        Assert.All(data.Where(m => m.Key is not ("supersedes" or "result")), m =>
            Assert.False(schema.Evaluate(Without(data, m.Key), Strict).IsValid, m.Key));
        Assert.All(data, m => Assert.False(schema.Evaluate(With(data, m.Key, true), Strict).IsValid, m.Key));
        Valid(schema, With(data, "addedLater", true));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_member_is_explained_and_reviewed(string type) =>
        Assert.All(Members(JsonNode.Parse(Solution.Catalogue.Schemas[type])!), member =>
        {
            Assert.True(
                member.Description.Length > 0,
                $"{type}: {member.Name} needs a comment, or the documentation file of its assembly is missing.");
            Assert.DoesNotMatch(Personal(), member.Name + " " + member.Description);
            Assert.True(
                member.Name is "" || Reviewed.Contains(member.Name), $"{type}: {member.Name} is not reviewed for personal data.");
        });

    [Theory]
    [MemberData(nameof(Types))]
    public async Task The_SDK_of_CloudEvents_reads_published_events(string type)
    {
        var published = Example(type);

        var read = await new JsonEventFormatter().DecodeStructuredModeMessageAsync(
            new MemoryStream(published.Json.ToArray()), new(PublicEvent.ContentType), Numbers);

        Assert.True(read.IsValid);
        Assert.Equal(
            (
                published.Id,
                published.Type,
                published.Subject,
                published.Time,
                published.Source,
                "application/json",
                PublicContract.SchemaId(type),
                CloudEventsSpecVersion.V1_0),
            (
                read.Id,
                read.Type,
                read.Subject,
                read.Time,
                read.Source!.ToString(),
                read.DataContentType,
                read.DataSchema!.ToString(),
                read.SpecVersion));
        Assert.Equal(published.Subject, read["partitionkey"]);
        Assert.Equal(
            ((int?)published.Version, (int?)published.PreviousVersion, "4711"),
            ((int?)read["streamversion"], (int?)read["previousversion"], read["globalposition"]));
        Assert.Equal(JsonSerializer.Serialize(published.Data, ApiJson.Options), ((JsonElement)read.Data!).GetRawText());
    }

    private static PublicEvent Example(string type) => PublishedExamples.Of(Solution.Published.All.Single(c => c.Type == type));

    /// <summary>The schema of the data, and the schema of the whole event at $defs/event.</summary>
    private static (JsonSchema Data, JsonSchema Whole) Schemas(string type)
    {
        var document = JsonNode.Parse(Solution.Catalogue.Schemas[type])!.AsObject();
        document.Remove("$id");
        var whole = document["$defs"]!["event"]!.DeepClone();
        // In $defs/event "#" refers to the enclosing document, so the copy gets the data's schema itself.
        whole["properties"]!["data"] = document.DeepClone();
        return (JsonSchema.FromText(document.ToJsonString()), JsonSchema.FromText(whole.ToJsonString()));
    }

    private static void Valid(JsonSchema schema, JsonNode? instance)
    {
        var result = schema.Evaluate(instance, Strict);
        Assert.True(
            result.IsValid,
            string.Join(
                "; ",
                (result.Details ?? []).Where(d => d.HasErrors).SelectMany(d => d.Errors!.Select(e => $"{d.InstanceLocation}: {e.Value}"))));
    }

    private static JsonObject Without(JsonObject whole, string name)
    {
        var copy = whole.DeepClone().AsObject();
        copy.Remove(name);
        return copy;
    }

    private static JsonObject With(JsonObject whole, string name, JsonNode value)
    {
        var copy = whole.DeepClone().AsObject();
        copy[name] = value;
        return copy;
    }

    private static IEnumerable<(string Name, string Description)> Members(JsonNode schema, string name = "") =>
    [
        (name, schema["description"]?.GetValue<string>() ?? ""),
        .. (schema["properties"]?.AsObject() ?? []).SelectMany(p => Members(p.Value!, p.Key)),
    ];

    [GeneratedRegex("^banking\\.[a-z-]+\\.[a-z-]+\\.v[0-9]+$")]
    private static partial Regex Shape();

    [GeneratedRegex(
        @"\b(\w*name|e-?mail\w*|phone\w*|address\w*|birth\w*|iban|number|reference|reason|purpose|note|text"
        + @"|counterparty|tax\w*|passport)\b",
        RegexOptions.IgnoreCase)]
    private static partial Regex Personal();
}
