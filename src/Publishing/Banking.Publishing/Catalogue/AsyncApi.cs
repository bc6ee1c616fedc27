using System.Text.Json.Nodes;
using Banking.EventStore.Published;
using Banking.Publishing.Log;

namespace Banking.Publishing.Catalogue;

/// <summary>Where a bank publishes to.</summary>
/// <param name="Topic">Kafka's (Banking:Publishing:Kafka:Topic).</param>
/// <param name="Exchange">RabbitMQ's (Banking:Publishing:RabbitMq:Exchange).</param>
public sealed record ChannelNames(string Topic, string Exchange);

/// <summary>All that the bank publishes as one AsyncAPI 3.0 document: the contracts, and the ways on which they go out.</summary>
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
                    "What an event-sourced bank tells the world: each fact as a CloudEvents 1.0 event in structured JSON, the same bytes on every way out, "
                    + "those of one account in order, each at least once. A contract never changes its shape: members may be added, and all else is another version.",
            },
            ["defaultContentType"] = PublicEvent.ContentType,
            ["channels"] = new JsonObject
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
                    "The log from any position on: pages, or server-sent events with Accept: text/event-stream.",
                    []),
            },
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
                    ["description"] = "Says that the body is the whole CloudEvent, its attributes included.",
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
