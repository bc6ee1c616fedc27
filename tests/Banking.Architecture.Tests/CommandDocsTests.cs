using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.EventStore.Json;
using Banking.Web.Commands;
using Banking.Web.Http;
using Json.Schema;

namespace Banking.Architecture.Tests;

/// <summary>docs/commands.md is generated from the commands and their comments. Its examples are what the bank reads.</summary>
public sealed class CommandDocsTests
{
    private const string Introduction =
        """
        # Commands by message

        Written by `CommandDocsTests` from the code and its comments; edit those, and run the test with `BANKING_WRITE_DOCS=1`.

        A service sends one command per message to a RabbitMQ queue that the settings of the bank name.
        [operations.md](operations.md#commands-by-message) says how to allow that, and has an example. A command's name always means this
        shape; optional members may be added, any other change is a new version under a new name. [asyncapi.json](asyncapi.json) has all
        of it for programs; a host serves the schemas at `/contracts/NAME.json`.

        | part of the message | content |
        |---|---|
        | property `type` | The name of the command. |
        | property `content-type` | `application/json`, in UTF-8 and not compressed. |
        | body | A JSON object of at most 64 KB with the members below. Unknown members are refused. |
        | member `commandId` | The idempotency key: 1 to 255 printable ASCII characters. Repeats get the first outcome, for ever. |
        | header `authorization` | `Bearer TOKEN`, on queues that require tokens; on other queues it must be left out. |
        | property `correlation-id` | Stored with the events; optional. |
        | header `causation-id` | What caused the command, stored with the events; `message-id` if it is left out. |
        | property `reply-to` | The queue for the answer, if the sender wants one. |

        No other header is read: none can change who the sender is. The answer is a message of type `banking.command-outcome.v1` with the
        same `correlation-id` (or the `message-id` of the command):

        | `outcome` | means | other members |
        |---|---|---|
        | `accepted` | The command was done. | `status` and `answer`, as over HTTP |
        | `refused` | A business rule refused it; the refusal is stored. | `status` and `answer`, a problem with its `code` |
        | `replayed` | The key is known: this is the first answer to it. | `status` and `answer` |
        | `rejected` | This message was not decided: it is a dead letter. An earlier outcome of its key stands. | `code` and `detail` |

        An answer may be lost or come twice. A sender that misses one sends its command again under the same key.

        | Command | Meaning |
        |---|---|
        """;

    private static readonly JsonSerializerOptions Indented = new(ApiJson.Messages) { WriteIndented = true };

    public static TheoryData<string> Commands => [.. Solution.Catalogue.Commands.Select(c => c.Name)];

    [Fact]
    public void The_catalogue_of_commands_is_up_to_date() => ContractDocsTests.AssertCurrent("commands.md", Catalogue());

    [Theory]
    [MemberData(nameof(Commands))]
    public void The_example_of_a_command_fits_its_schema_and_is_read_as_the_same_command(string name)
    {
        var command = Solution.Catalogue.Commands.Single(c => c.Name == name);
        var example = Example(command);

        var schema = JsonSchema.FromText(Solution.Catalogue.Schemas[name]);
        var result = schema.Evaluate(JsonNode.Parse(example), new() { OutputFormat = OutputFormat.List });
        Assert.True(result.IsValid, string.Join('\n', result.Details.Where(d => d.HasErrors).Select(d => d.InstanceLocation)));
        var (read, problem) = StrictBody.Parse(Encoding.UTF8.GetBytes(example), command.Type, ApiJson.Messages);
        Assert.Null(problem);
        Assert.Equal(CommandExamples.All[command.Type], read);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_member_of_a_command_has_a_form_and_a_meaning(string name)
    {
        var members = JsonNode.Parse(Solution.Catalogue.Schemas[name])!["properties"]!.AsObject();

        Assert.All(members, m => Assert.True(m.Value!["type"] is not null && m.Value["description"] is not null, m.Key));
    }

    private static string Example(BusCommand command) =>
        JsonSerializer.Serialize(CommandExamples.All[command.Type], command.Type, Indented).ReplaceLineEndings("\n");

    private static string Catalogue()
    {
        var text = new StringBuilder(Introduction).Append('\n');
        foreach (var item in Solution.Catalogue.List.Commands)
        {
            SchemaTable.Line(text, $"| [`{item.Type}`](#{item.Type.Replace(".", "", StringComparison.Ordinal)}) | {item.Summary} |");
        }

        foreach (var command in Solution.Catalogue.Commands)
        {
            var schema = JsonNode.Parse(Solution.Catalogue.Schemas[command.Name])!;
            SchemaTable.Line(text, $"\n## {command.Name}\n\n{schema["description"]} [Schema](contracts/{command.Name}.schema.json)\n");
            SchemaTable.Line(text, $"| Member | Form | Meaning |\n|---|---|---|");
            SchemaTable.AddRows(text, schema.AsObject(), "");
            SchemaTable.Line(text, $"\n```json\n{Example(command)}\n```");
        }

        return text.ToString().ReplaceLineEndings("\n");
    }
}
