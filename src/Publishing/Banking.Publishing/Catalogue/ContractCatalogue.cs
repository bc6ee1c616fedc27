using System.Net.Mime;
using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.EventStore.Published;
using Banking.Web;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Banking.Publishing.Catalogue;

/// <summary>A contract of published events.</summary>
/// <param name="Type">Name and version, as in the events.</param>
/// <param name="Summary">The meaning of the event.</param>
/// <param name="Schema">The path of its JSON Schema.</param>
public sealed record ContractSummary(string Type, string Summary, string Schema);

/// <summary>All contracts, and the path of their AsyncAPI document.</summary>
/// <param name="Items">Published events.</param>
/// <param name="Commands">Commands that services send by message.</param>
public sealed record ContractList(IReadOnlyList<ContractSummary> Items, IReadOnlyList<ContractSummary> Commands, string AsyncApi);

/// <summary>The documents of the contracts. They are made at the first request and never change while the host runs.</summary>
public sealed class ContractCatalogue(PublicContracts contracts, IEnumerable<BankModule> modules, ChannelNames names)
{
    private const string AsyncApiPath = "/asyncapi.json";

    private const string SchemaType = "application/schema+json";

    private static readonly JsonSerializerOptions Indented = new(ApiJson.Options) { WriteIndented = true };

    private readonly Lazy<string> _asyncApi = new(() => Text(Catalogue.AsyncApi.Document(contracts, CommandsOf(modules), names)));

    private readonly Lazy<IReadOnlyDictionary<string, string>> _schemas = new(() =>
        contracts.All.Select(c => (Name: c.Type, Schema: Text(ContractSchema.Of(c))))
            .Concat(CommandsOf(modules).Select(c => (c.Name, Schema: Text(ContractSchema.Of(c)))))
            .ToDictionary(c => c.Name, c => c.Schema));

    public ContractList List { get; } = new(
        [.. contracts.All.Select(c => Summary(c.Type, c.Data))], [.. CommandsOf(modules).Select(c => Summary(c.Name, c.Type))],
        AsyncApiPath);

    /// <summary>The commands that services may send by message.</summary>
    public IReadOnlyList<BusCommand> Commands { get; } = CommandsOf(modules);

    /// <summary>The AsyncAPI document.</summary>
    public string AsyncApi => _asyncApi.Value;

    /// <summary>The JSON Schema of each contract, by its type.</summary>
    public IReadOnlyDictionary<string, string> Schemas => _schemas.Value;

    /// <summary>Maps the documents without authorization, like the OpenAPI document: they contain no customer data.</summary>
    internal static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").WithTags("Publication").AllowAnonymous();
        group.MapGet(AsyncApiPath, (ContractCatalogue catalogue) => TypedResults.Text(catalogue.AsyncApi, "application/json"))
            .WithMetadata(new ProducesResponseTypeAttribute(StatusCodes.Status200OK))
            .WithName("getAsyncApi")
            .WithSummary("Get the AsyncAPI document of published events and of commands by message")
            .WithDescription("Gets the AsyncAPI 3.0 document of the published events and of the commands that services send by message.");
        group.MapGet("/contracts", (ContractCatalogue catalogue) => TypedResults.Json(catalogue.List, ApiJson.Options))
            .WithMetadata(new ProducesResponseTypeAttribute(typeof(ContractList), StatusCodes.Status200OK))
            .WithName("listContracts")
            .WithSummary("List the contracts of published events and of commands by message")
            .WithDescription("Lists the contracts of the published events and of the commands that services send by message.");
        group.MapGet(PublicContract.SchemaPath("{type}"), IResult (string type, ContractCatalogue catalogue, HttpContext http) =>
                catalogue.Schemas.TryGetValue(type, out var schema)
                    ? TypedResults.Text(schema, AnswerForm.Of(http) ?? SchemaType)
                    : new ProblemResult(
                        Refusal.NotFound(
                            "unknown_contract", "There is no contract with this name; GET /contracts lists them.")))
            .WithMetadata(new ServesAttribute(SchemaType, MediaTypeNames.Application.Json))
            .WithMetadata(new ProducesResponseTypeAttribute(StatusCodes.Status200OK), new ProblemsAttribute("unknown_contract"))
            .WithName("getContract")
            .WithSummary("Get the JSON Schema of an event's data or of a command")
            .WithDescription("Gets a JSON Schema. That of an event has the whole event under $defs/event.");
    }

    private static IReadOnlyList<BusCommand> CommandsOf(IEnumerable<BankModule> modules) =>
        [.. modules.SelectMany(m => m.Commands).OrderBy(c => c.Name, StringComparer.Ordinal)];

    private static ContractSummary Summary(string name, Type type) => new(name, ContractDocs.Of(type), PublicContract.SchemaPath(name));

    private static string Text(JsonObject document) => document.ToJsonString(Indented).ReplaceLineEndings("\n") + "\n";
}
