using System.Text.Json.Nodes;
using Json.Schema;

namespace Banking.Architecture.Tests;

/// <summary>The AsyncAPI document is valid by the standard's own schema, and refers to every contract.</summary>
public sealed class AsyncApiTests
{
    private const string Avro = "http://asyncapi.com/definitions/3.0.0/avroSchema_v1.json";

    private static readonly JsonNode Document = JsonNode.Parse(Solution.Catalogue.AsyncApi)!;

    [Fact]
    public void The_document_is_valid_AsyncAPI_3_0()
    {
        var text = JsonNode.Parse(
            File.ReadAllText(Path.Combine(Solution.Root, "tests", "Banking.Architecture.Tests", "asyncapi", "3.0.0.json")))!;
        // The validator refuses Avro's schema, which refers to itself without end. The document has no Avro.
        text["definitions"]![Avro] = new JsonObject { ["$id"] = Avro };
        var schema = JsonSchema.FromText(text.ToJsonString());

        var result = schema.Evaluate(Document, new() { OutputFormat = OutputFormat.List });

        Assert.True(
            result.IsValid,
            string.Join(
                "\n",
                result.Details.Where(d => d.HasErrors).SelectMany(d => d.Errors!.Select(e => $"{d.InstanceLocation}: {e.Value}")).Take(20))
        );
        Assert.False(schema.Evaluate(With("channels", new JsonObject { ["kafka"] = new JsonObject { ["adress"] = "a" } })).IsValid);
    }

    [Fact]
    public void Every_reference_has_a_target()
    {
        var references = References(Document).ToList();

        Assert.NotEmpty(references);
        Assert.All(references, r => Assert.True(Find(r) is not null, $"{r} has no target."));
    }

    [Fact]
    public void Every_contract_is_on_every_channel_and_has_its_schema() => Assert.All(Solution.Published.All, contract =>
    {
        Assert.All(
            (string[])["kafka", "rabbitmq", "feed"],
            channel => Assert.NotNull(Document["channels"]![channel]!["messages"]![contract.Type]));
        var payload = Find(Document["components"]!["messages"]![contract.Type]!["payload"]!["$ref"]!.GetValue<string>())!;
        Assert.Equal(contract.Type, payload["properties"]!["type"]!["const"]!.GetValue<string>());
        var data = Find(payload["properties"]!["data"]!["$ref"]!.GetValue<string>())!;
        var served = JsonNode.Parse(Solution.Catalogue.Schemas[contract.Type])!;
        Assert.True(JsonNode.DeepEquals(served["properties"], data["properties"]));
    });

    [Fact]
    public void Every_command_is_on_the_channel_of_commands_and_has_its_schema() => Assert.All(Solution.Catalogue.Commands, command =>
    {
        Assert.NotNull(Document["channels"]!["commands"]!["messages"]![command.Name]);
        var payload = Find(Document["components"]!["messages"]![command.Name]!["payload"]!["$ref"]!.GetValue<string>())!;
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Solution.Catalogue.Schemas[command.Name])!["properties"], payload["properties"]));
        Assert.False(payload["additionalProperties"]!.GetValue<bool>());
        Assert.Contains("commandId", payload["required"]!.AsArray().Select(r => r!.GetValue<string>()));
    });

    [Fact]
    public void The_document_names_the_topic_and_the_exchange()
    {
        Assert.Equal("banking.events", Document["channels"]!["kafka"]!["bindings"]!["kafka"]!["topic"]!.GetValue<string>());
        Assert.Equal("banking.events", Document["channels"]!["rabbitmq"]!["bindings"]!["amqp"]!["exchange"]!["name"]!.GetValue<string>());
        Assert.All(
            Document["operations"]!.AsObject(),
            o => Assert.Equal(o.Key == "takeCommands" ? "receive" : "send", o.Value!["action"]!.GetValue<string>()));
    }

    private static JsonObject With(string name, JsonNode value)
    {
        var copy = Document.DeepClone().AsObject();
        copy[name] = value;
        return copy;
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(m => m.Key == "$ref" ? [m.Value!.GetValue<string>()] : References(m.Value)),
        JsonArray a => a.SelectMany(References),
        _ => [],
    };

    private static JsonNode? Find(string pointer) => pointer[2..].Split('/').Aggregate((JsonNode?)Document, (node, name) => node?[name]);
}
