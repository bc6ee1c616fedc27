using Banking.Web.Commands;

namespace Banking.Publishing.Catalogue;

/// <summary>The parts of the AsyncAPI document that describe commands by message. Each is the inside of a JSON object.</summary>
internal static class CommandMessages
{
    /// <summary>The type of the message that answers a command.</summary>
    private const string Outcome = "banking.command-outcome.v1";

    public const string Operation = """
        "takeCommands": {
          "action": "receive",
          "channel": { "$ref": "#/channels/commands" },
          "reply": { "address": { "location": "$message.header#/reply-to" }, "channel": { "$ref": "#/channels/outcomes" } }
        }
        """;

    /// <summary>The queues of commands and of answers have no address here: settings and senders name them.</summary>
    public static string Channels(IReadOnlyList<BusCommand> commands) => $$"""
        "commands": {
          "address": null,
          "description": "A RabbitMQ queue that the settings of the bank name, with the commands that they allow there.",
          "messages": { {{Members(commands, c => $$"""{ "$ref": "#/components/messages/{{c.Name}}" }""")}} },
          "bindings": { "amqp": { "is": "queue", "queue": { "durable": true }, "bindingVersion": "0.3.0" } }
        },
        "outcomes": {
          "address": null,
          "description": "The queue that the sender names in the property reply-to.",
          "messages": { "{{Outcome}}": { "$ref": "#/components/messages/{{Outcome}}" } },
          "bindings": { "amqp": { "is": "queue", "queue": {}, "bindingVersion": "0.3.0" } }
        }
        """;

    public static string Messages(IReadOnlyList<BusCommand> commands) => $$"""
        {{Members(commands, Message)}},
        "{{Outcome}}": {
          "name": "{{Outcome}}",
          "title": "{{Outcome}}",
          "summary": "What became of a command.",
          "contentType": "application/json",
          "payload": { "$ref": "#/components/schemas/{{Outcome}}" },
          "bindings": { "amqp": { "messageType": "{{Outcome}}", "bindingVersion": "0.3.0" } }
        }
        """;

    public static string Schemas(IReadOnlyList<BusCommand> commands) => $$"""
        {{Members(commands, c => ContractSchema.Data(c).ToJsonString())}},
        "{{Outcome}}": {
          "type": "object",
          "properties": {
            "outcome": {
              "type": "string",
              "enum": ["accepted", "refused", "replayed", "rejected"],
              "description": "refused: by a business rule. replayed: the first answer to a known key. rejected: nothing was stored."
            },
            "status": { "type": "integer", "description": "The status of the same answer over HTTP; absent if rejected." },
            "answer": { "type": "object", "description": "The same answer as over HTTP; absent if rejected." },
            "code": { "type": "string", "description": "Why it was rejected." },
            "detail": { "type": "string", "description": "Why it was rejected, in words." }
          },
          "required": ["outcome"],
          "additionalProperties": true
        }
        """;

    private static string Message(BusCommand command) => $$"""
        {
          "name": "{{command.Name}}",
          "title": "{{command.Name}}",
          "summary": {{AsyncApi.Quoted(ContractDocs.Of(command.Type))}},
          "contentType": "application/json",
          "headers": {
            "type": "object",
            "properties": {
              "authorization": { "type": "string", "description": "Bearer and a token of role service, on queues that require tokens." },
              "causation-id": { "type": "string", "description": "What caused the command; the property message-id otherwise." },
              "reply-to": { "type": "string", "description": "The property of AMQP: the queue for the answer, if the sender wants one." }
            }
          },
          "payload": { "$ref": "#/components/schemas/{{command.Name}}" },
          "bindings": { "amqp": { "messageType": "{{command.Name}}", "bindingVersion": "0.3.0" } }
        }
        """;

    private static string Members(IReadOnlyList<BusCommand> commands, Func<BusCommand, string> value) =>
        string.Join(',', commands.Select(c => $"\"{c.Name}\": {value(c)}"));
}
