using System.Text.Json.Nodes;
using Banking.EventStore.Published;
using Banking.Publishing.Log;

namespace Banking.Publishing.Catalogue;

/// <summary>The names of the bank's channels.</summary>
/// <param name="Topic">The Kafka topic (Banking:Publishing:Kafka:Topic).</param>
/// <param name="Exchange">The RabbitMQ exchange (Banking:Publishing:RabbitMq:Exchange).</param>
public sealed record ChannelNames(string Topic, string Exchange);

/// <summary>The AsyncAPI 3.0 document of publication: the contracts, and the channels that they are published on.</summary>
public static class AsyncApi
{
    private const string Schemas = "#/components/schemas/";

    public static JsonObject Document(PublicContracts contracts, ChannelNames names)
    {
        ArgumentNullException.ThrowIfNull(contracts);
        ArgumentNullException.ThrowIfNull(names);
        return new()
        {
            ["asyncapi"] = "3.0.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Banking events",
                ["version"] = "v1",
                ["description"] =
                    "The published events of an event-sourced bank: CloudEvents 1.0 events in structured JSON, "
                    + "with the same bytes on every channel. "
                    + "The events of one account are delivered in order, each at least once. "
                    + "Members may be added to a contract; any other change makes a new version.",
            },
            ["defaultContentType"] = PublicEvent.ContentType,
            ["channels"] = Channels(contracts, names),
            ["operations"] = new JsonObject
            {
                ["publishToKafka"] = Send("kafka"),
                ["publishToRabbitMq"] = Send("rabbitmq"),
                ["serveFeed"] = Send("feed"),
            },
            ["components"] = new JsonObject
            {
                ["messages"] = Map(contracts, c => (c.Type, Message(c))),
                ["schemas"] = new JsonObject(contracts.All.SelectMany(c => (KeyValuePair<string, JsonNode?>[])
                [
                    new(c.Type, ContractSchema.Data(c)), new(EventName(c), ContractSchema.Event(c, Schemas + c.Type)),
                ])),
            },
        };
    }

    private static JsonObject Channels(PublicContracts contracts, ChannelNames names) => new()
    {
        ["kafka"] = Channel(
            contracts,
            names.Topic,
            "The Kafka topic. The key is the account, so that its events stay in one partition.",
            new()
            {
                ["kafka"] = new JsonObject { ["topic"] = names.Topic, ["bindingVersion"] = "0.5.0" },
            }),
        ["rabbitmq"] = Channel(
            contracts,
            names.Exchange,
            "The RabbitMQ exchange.",
            new()
            {
                ["amqp"] = new JsonObject
                {
                    ["is"] = "routingKey",
                    ["exchange"] = new JsonObject
                    {
                        ["name"] = names.Exchange,
                        ["type"] = "topic",
                        ["durable"] = true,
                    },
                    ["bindingVersion"] = "0.3.0",
                },
            }),
        ["feed"] = Channel(
            contracts,
            "/v1/feed",
            "The log from any position: pages, or server-sent events with Accept: text/event-stream.",
            []),
    };

    private static JsonObject Channel(PublicContracts contracts, string address, string description, JsonObject bindings)
    {
        var channel = new JsonObject
        {
            ["address"] = address,
            ["description"] = description,
            ["messages"] = Map(contracts, c => (c.Type, Reference("#/components/messages/" + c.Type))),
        };
        if (bindings.Count > 0)
        {
            channel["bindings"] = bindings;
        }

        return channel;
    }

    private static JsonObject Send(string channel) => new() { ["action"] = "send", ["channel"] = Reference("#/channels/" + channel) };

    private static JsonObject Message(PublicContract contract) => new()
    {
        ["name"] = contract.Type,
        ["title"] = contract.Type,
        ["summary"] = ContractDocs.Of(contract.Data),
        ["contentType"] = PublicEvent.ContentType,
        ["headers"] = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject
            {
                ["content-type"] = new JsonObject
                {
                    ["type"] = "string",
                    ["const"] = PublicEvent.ContentType,
                    ["description"] = "The body is the whole CloudEvent with its attributes (structured mode).",
                },
            },
        },
        ["payload"] = Reference(Schemas + EventName(contract)),
        ["bindings"] = new JsonObject
        {
            ["kafka"] = new JsonObject
            {
                ["key"] = new JsonObject
                {
                    ["type"] = "string",
                    ["pattern"] = $"^{contract.Prefix}_[0-9a-f]{{32}}$",
                    ["description"] = "The event's subject.",
                },
                ["bindingVersion"] = "0.5.0",
            },
            ["amqp"] = new JsonObject { ["messageType"] = contract.Type, ["bindingVersion"] = "0.3.0" },
        },
    };

    private static string EventName(PublicContract contract) => contract.Type + ".event";

    private static JsonObject Reference(string pointer) => new() { ["$ref"] = pointer };

    private static JsonObject Map(PublicContracts contracts, Func<PublicContract, (string Name, JsonObject Node)> entry) =>
        new(contracts.All.Select(entry).Select(e => new KeyValuePair<string, JsonNode?>(e.Name, e.Node)));
}
