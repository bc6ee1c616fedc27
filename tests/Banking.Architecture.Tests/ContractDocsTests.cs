using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.EventStore.Published;

namespace Banking.Architecture.Tests;

/// <summary>
/// docs/contracts is a promise to unknown consumers. With BANKING_WRITE_DOCS=1 it is generated from the code, but only if the code keeps
/// the promise. A changed shape needs a new version next to the old one.
/// </summary>
public sealed class ContractDocsTests
{
    private const string Suffix = ".schema.json";

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly string Docs = Path.Combine(Solution.Root, "docs");

    [Fact]
    public void The_code_keeps_the_promised_contracts() => Assert.Equal([], FindBroken());

    [Fact]
    public void The_schemas_are_up_to_date() =>
        Assert.All(Solution.Catalogue.Schemas, schema => AssertCurrent(Path.Combine("contracts", schema.Key + Suffix), schema.Value));

    [Fact]
    public void The_AsyncAPI_document_is_up_to_date() => AssertCurrent("asyncapi.json", Solution.Catalogue.AsyncApi);

    [Fact]
    public void The_catalogue_of_contracts_is_up_to_date() => AssertCurrent("contracts.md", Catalogue());

    private static List<string> FindBroken()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Docs, "contracts")).FullName;
        return [.. Directory.GetFiles(folder, "*" + Suffix).Order(StringComparer.Ordinal).SelectMany(path =>
        {
            var type = Path.GetFileName(path)[..^Suffix.Length];
            return Solution.Catalogue.Schemas.TryGetValue(type, out var now)
                ? SchemaPromise.FindBroken(JsonNode.Parse(File.ReadAllText(path)), JsonNode.Parse(now)).Select(b => $"{type}: {b}")
                : [$"{type}: the contract no longer exists"];
        })];
    }

    internal static void AssertCurrent(string name, string text)
    {
        var path = Path.Combine(Docs, name);
        if (Architecture.Tests.Docs.MayWrite && FindBroken().Count == 0)
        {
            File.WriteAllText(path, text);
        }

        Assert.True(
            File.Exists(path) && File.ReadAllText(path).ReplaceLineEndings("\n") == text,
            $"docs/{name} is stale. Run this class with BANKING_WRITE_DOCS=1 and commit the files that it writes. "
                + "It writes nothing while a promise is broken.");
    }

    private static string Catalogue()
    {
        var text = new StringBuilder(
            """
            # Contracts of published events

            Written by `ContractDocsTests` from the code and its comments; edit those, and run the test with `BANKING_WRITE_DOCS=1`.

            Each change of an account or a proposal is published as a [CloudEvents 1.0](https://cloudevents.io) event in structured JSON:
            the same bytes at every destination, at least once, and the events of one account in order. A contract's name always means this
            shape. Members may be added: read the ones you know and ignore the others. Any other change is a new version under a new name.
            [asyncapi.json](asyncapi.json) has all of it for programs; a host serves it at `/asyncapi.json`, the schemas at
            `/contracts/TYPE.json`.

            `id` is the same however often an event is delivered: a consumer that has seen it drops it. `previousversion` is the
            `streamversion` of the account's previous published event: a consumer without that one has missed it, and reads it from
            `/v1/feed`. It need not be one less: an event that carries the account's state forward changes nothing and is not published.

            | Contract | Meaning |
            |---|---|

            """);
        foreach (var item in Solution.Catalogue.List.Items)
        {
            SchemaTable.Line(text, $"| [`{item.Type}`](#{item.Type.Replace(".", "", StringComparison.Ordinal)}) | {item.Summary} |");
        }

        foreach (var contract in Solution.Published.All)
        {
            var schema = JsonNode.Parse(Solution.Catalogue.Schemas[contract.Type])!;
            SchemaTable.Line(text, $"\n## {contract.Type}\n\n{schema["description"]} [Schema](contracts/{contract.Type}{Suffix})\n");
            SchemaTable.Line(text, $"| Field of data | Form | Meaning |\n|---|---|---|");
            SchemaTable.AddRows(text, schema.AsObject(), "");
            SchemaTable.Line(text, $"\n```json\n{Example(contract)}\n```");
        }

        return text.ToString().ReplaceLineEndings("\n");
    }

    private static string Example(PublicContract contract) =>
        JsonNode.Parse(PublishedExamples.Of(contract).Json.Span)!.ToJsonString(Indented);
}
