using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Banking.Host;

namespace Banking.Architecture.Tests;

/// <summary>
/// The OpenAPI document says of each operation what clients need. docs/openapi.json is that document, for those without a host.
/// </summary>
public sealed partial class OpenApiTests : IAsyncLifetime
{
    private string _text = "";

    private JsonElement Document => JsonDocument.Parse(_text).RootElement;

    public async ValueTask InitializeAsync() => _text = await Solution.OpenApiAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task The_servers_are_those_of_the_setting_and_the_document_itself_without_one()
    {
        var document = JsonNode.Parse(
            await Solution.OpenApiAsync(["--Banking:OpenApi:Servers:0=https://bank.example.org", "--Banking:OpenApi:Servers:1=/bank"]))!;

        Assert.Equal(["https://bank.example.org", "/bank"], document["servers"]!.AsArray().Select(s => (string?)s!["url"]));
        Assert.Equal("/", (string?)JsonNode.Parse(await Solution.OpenApiAsync())!["servers"]![0]!["url"]);
        var wrong = await Assert.ThrowsAsync<ConfigurationException>(
            () => Solution.OpenApiAsync(["--Banking:OpenApi:Servers:0=bank.example.org"]));
        Assert.Contains("is neither an address such as", wrong.Message);
    }

    [Fact]
    public void The_document_is_up_to_date() => ContractDocsTests.AssertCurrent("openapi.json", _text);

    [Fact]
    public void Descriptions_have_no_line_breaks_of_comments() =>
        Assert.DoesNotMatch("""
            "description":\s*"(?:[^"\\]|\\.)*\\[nr]
            """, _text);

    [Fact]
    public void Every_operation_has_a_name_of_its_own_and_is_described_in_sentences()
    {
        var described = Document.GetProperty("tags").EnumerateArray().Select(t => t.GetProperty("name").GetString()).ToList();

        Assert.All(Operations(), o =>
        {
            Assert.True(
                Name().IsMatch(Text(o.Operation, "operationId")),
                $"{o.At} has no OperationId such as transferMoney: docs/extending.md shows how an endpoint describes itself.");
            Assert.True(Text(o.Operation, "summary").Length > 0, $"{o.At} has no EndpointSummary.");
            Assert.True(Text(o.Operation, "description").EndsWith('.'), $"{o.At} has no EndpointDescription in sentences.");
            var tags = o.Operation.TryGetProperty("tags", out var all) ? all.EnumerateArray().Select(t => t.GetString()).ToList() : [];
            Assert.True(tags is [{ } tag] && described.Contains(tag), $"{o.At} needs one tag that its module describes in Tags.");
        });
        Assert.Empty(Operations().GroupBy(o => Text(o.Operation, "operationId")).Where(g => g.Count() > 1).Select(g => g.Key));
    }

    [Fact]
    public void Every_operation_declares_its_answer_its_problems_and_whether_it_needs_a_token() => Assert.All(Operations(), o =>
    {
        var answers = o.Operation.GetProperty("responses").EnumerateObject().ToList();
        Assert.True(
            answers.Any(a => a.Name[0] == '2' && a.Value.TryGetProperty("content", out _)), $"{o.At} has no ProducesResponseType.");
        Assert.Contains(answers, a => a.Name == "400");
        Assert.Equal(IsOpen(o.Path) ? 0 : 1, o.Operation.GetProperty("security").GetArrayLength());
        Assert.Equal(!IsOpen(o.Path), answers.Any(a => a.Name == "401"));
    });

    [Fact]
    public void Commands_have_a_key_that_is_required_where_money_moves() => Assert.All(Operations(), o =>
    {
        var key = Parameters(o.Operation).Where(p => Text(p, "name") == "Idempotency-Key").ToList();
        Assert.True(
            !MovesMoney().IsMatch(o.At) || (key is [var only] && only.TryGetProperty("required", out var it) && it.GetBoolean()),
            $"{o.At} moves money, so its Idempotency-Key must be required.");
        // A key belongs to a caller, and POST /dev/token has none. A simulation changes nothing.
        Assert.Equal(
            o.At.StartsWith("get ", StringComparison.Ordinal) || IsOpen(o.Path)
                || o.Path.StartsWith("/v1/simulations", StringComparison.Ordinal),
            key.Count == 0);
    });

    [Fact]
    public void Parameters_have_types() => Assert.All(Operations().SelectMany(o => Parameters(o.Operation)), p =>
    {
        var schema = p.GetProperty("schema");
        var expected = Text(p, "name") switch
        {
            "limit" or "after" or "version" => "integer",
            "effectiveAt" or "knownAt" => "date-time",
            "date" => "date",
            _ => null,
        };
        Assert.True(expected is null || Text(schema, "type") == expected || Text(schema, "format") == expected, $"{p} is no {expected}.");
    });

    [Fact]
    public void Members_that_are_instants_say_so() => Assert.All(
        Document.GetProperty("components").GetProperty("schemas").EnumerateObject()
            .Where(s => s.Value.TryGetProperty("properties", out _))
            .SelectMany(s => s.Value.GetProperty("properties").EnumerateObject().Select(m => (Of: s.Name, Member: m)))
            .Where(m => Instant().IsMatch(m.Member.Name)),
        m => Assert.True(Text(m.Member.Value, "format") == "date-time", $"{m.Of}.{m.Member.Name} is an instant, but not date-time."));

    [Fact]
    public void Parameters_of_paths_say_what_they_name() => Assert.All(Operations(), o => Assert.All(
        Parameters(o.Operation).Where(p => Text(p, "in") == "path"),
        p => Assert.True(Text(p, "description").EndsWith('.'), $"{o.At} does not describe its {Text(p, "name")}.")));

    [Fact]
    public void Every_request_and_every_answer_has_an_example() => Assert.All(Operations(), o =>
    {
        var forms = o.Operation.GetProperty("responses").EnumerateObject().Where(r => r.Name[0] == '2').Select(r => r.Value)
            .Concat(o.Operation.TryGetProperty("requestBody", out var body) ? [body] : []);
        Assert.All(
            // A document such as a JSON Schema has no schema of its own here, and no example.
            forms.SelectMany(f => f.GetProperty("content").EnumerateObject())
                .Where(f => f.Value.GetProperty("schema").TryGetProperty("$ref", out _)),
            form => Assert.True(form.Value.TryGetProperty("example", out _), $"{o.At} has no example of {form.Name}."));
    });

    private IEnumerable<(string At, string Path, JsonElement Operation)> Operations() =>
        Document.GetProperty("paths").EnumerateObject().SelectMany(p =>
            p.Value.EnumerateObject().Select(o => ($"{o.Name} {p.Name}", p.Name, o.Value)));

    private static JsonElement.ArrayEnumerator Parameters(JsonElement operation) =>
        operation.TryGetProperty("parameters", out var all) ? all.EnumerateArray() : default;

    private static string Text(JsonElement element, string member) =>
        element.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static bool IsOpen(string path) => !BankPaths().IsMatch(path);

    [GeneratedRegex("^[a-z]+([A-Z][a-z]+)*$")]
    private static partial Regex Name();

    [GeneratedRegex("^/(v1|ops|audit)/")]
    private static partial Regex BankPaths();

    [GeneratedRegex("[a-z]At$")]
    private static partial Regex Instant();

    [GeneratedRegex("^post /v1/(deposits|withdrawals|transfers|transactions/{transaction}/corrections)$")]
    private static partial Regex MovesMoney();
}
