using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.EventStore.Published;
using Banking.Publishing.Log;
using Banking.Web.Commands;

namespace Banking.Publishing.Catalogue;

/// <summary>The names of the bank's channels.</summary>
/// <param name="Topic">The Kafka topic (Banking:Publishing:Kafka:Topic).</param>
/// <param name="Exchange">The RabbitMQ exchange (Banking:Publishing:RabbitMq:Exchange).</param>
public sealed record ChannelNames(string Topic, string Exchange);

/// <summary>The AsyncAPI 3.0 document: published events, commands by message, and the channels of both.</summary>
public static class AsyncApi
{
    private const string Description =
        "The published events of an event-sourced bank: CloudEvents 1.0 events in structured JSON, with the same bytes on every channel. "
        + "The events of one account are delivered in order, each at least once. "
        + "Members may be added to a contract; any other change makes a new version. "
        + "Services send commands to the bank by message.";

    public static JsonObject Document(PublicContracts contracts, IReadOnlyList<BusCommand> commands, ChannelNames names)
    {
        var (topic, exchange) = (Quoted(names.Topic), Quoted(names.Exchange));
        var messages = Members(contracts, c => $$"""{ "$ref": "#/components/messages/{{c.Type}}" }""");
        return JsonNode.Parse($$"""
            {
              "asyncapi": "3.0.0", "info": { "title": "Banking events", "version": "v1", "description": "{{Description}}" },
              "defaultContentType": "{{PublicEvent.ContentType}}",
              "channels": {
                {{CommandMessages.Channels(commands)}},
                "kafka": {
                  "address": {{topic}},
                  "description": "The Kafka topic. The key is the account, so that its events stay in one partition.",
                  "messages": { {{messages}} },
                  "bindings": { "kafka": { "topic": {{topic}}, "bindingVersion": "0.5.0" } }
                },
                "rabbitmq": {
                  "address": {{exchange}},
                  "description": "The RabbitMQ exchange.",
                  "messages": { {{messages}} },
                  "bindings": {
                    "amqp": {
                      "is": "routingKey",
                      "exchange": { "name": {{exchange}}, "type": "topic", "durable": true },
                      "bindingVersion": "0.3.0"
                    }
                  }
                },
                "feed": {
                  "address": "/v1/feed",
                  "description": "The log from any position: pages, or server-sent events with Accept: text/event-stream.",
                  "messages": { {{messages}} }
                }
              },
              "operations": {
                {{CommandMessages.Operation}},
                "publishToKafka": { "action": "send", "channel": { "$ref": "#/channels/kafka" } },
                "publishToRabbitMq": { "action": "send", "channel": { "$ref": "#/channels/rabbitmq" } },
                "serveFeed": { "action": "send", "channel": { "$ref": "#/channels/feed" } }
              },
              "components": {
                "messages": { {{Members(contracts, Message)}}, {{CommandMessages.Messages(commands)}} },
                "schemas": { {{Members(contracts, Schemas)}}, {{CommandMessages.Schemas(commands)}} }
              }
            }
            """)!.AsObject();
    }

    private static string Message(PublicContract contract) => $$"""
        {
          "name": "{{contract.Type}}",
          "title": "{{contract.Type}}",
          "summary": {{Quoted(ContractDocs.Of(contract.Data))}},
          "contentType": "{{PublicEvent.ContentType}}",
          "headers": {
            "type": "object",
            "properties": {
              "content-type": {
                "type": "string",
                "const": "{{PublicEvent.ContentType}}",
                "description": "The body is the whole CloudEvent with its attributes (structured mode)."
              }
            }
          },
          "payload": { "$ref": "#/components/schemas/{{contract.Type}}.event" },
          "bindings": {
            "kafka": {
              "key": {
                "type": "string",
                "pattern": "^{{contract.Prefix}}_[0-9a-f]{32}$",
                "description": "The event's subject."
              },
              "bindingVersion": "0.5.0"
            },
            "amqp": { "messageType": "{{contract.Type}}", "bindingVersion": "0.3.0" }
          }
        }
        """;

    private static string Schemas(PublicContract contract) => $$"""
        {{ContractSchema.Data(contract)}},
        "{{contract.Type}}.event": {{ContractSchema.Event(contract, "#/components/schemas/" + contract.Type)}}
        """;

    /// <summary>A member of a JSON object for each contract, with its type as the name.</summary>
    private static string Members(PublicContracts contracts, Func<PublicContract, string> value) =>
        string.Join(',', contracts.All.Select(c => $"\"{c.Type}\": {value(c)}"));

    /// <summary>The topic and the exchange are settings, and a comment may have quotes.</summary>
    internal static string Quoted(string text) => JsonSerializer.Serialize(text);
}
