using System.Text.Json;
using System.Text.RegularExpressions;
using Banking.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.System.Tests;

/// <summary>The OpenAPI document, the documentation page, common headers, health and development tokens.</summary>
public sealed partial class DocsTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _anybody = bank.Anonymous();

    [Fact]
    public async Task The_document_is_OpenAPI_3_1_and_has_every_route()
    {
        var document = (await _anybody.GetAsync("/openapi/v1.json")).Ok().Json;

        Assert.Matches(@"^3\.1\.\d+$", document.GetProperty("openapi").GetString());
        var documented = document.GetProperty("paths").EnumerateObject().SelectMany(p =>
            p.Value.EnumerateObject().Select(o => $"{o.Name.ToUpperInvariant()} {p.Name}"));
        var served = bank.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(e => (e.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [])
                .Select(m => $"{m} {e.RoutePattern.RawText}"))
            .Where(r => IsOfTheBank(r.Split(' ')[1]));
        Assert.Equal(served.Order(), documented.Where(r => IsOfTheBank(r.Split(' ')[1])).Order());
    }

    [Fact]
    public async Task Every_operation_documents_its_body_its_answers_and_its_security()
    {
        var document = (await _anybody.GetAsync("/openapi/v1.json")).Ok().Json;

        foreach (var (path, method, operation) in Operations(document).Where(o => IsOfTheBank(o.Path)))
        {
            Assert.True(operation.TryGetProperty("security", out _), $"{method} {path} documents no security.");
            Assert.Contains(operation.GetProperty("responses").EnumerateObject(), r =>
                r.Name[0] == '2' && r.Value.TryGetProperty("content", out _));
            Assert.Equal(method == "post", operation.TryGetProperty("requestBody", out _));
        }
    }

    [Fact]
    public async Task No_schema_allows_both_numbers_and_strings()
    {
        var text = (await _anybody.GetAsync("/openapi/v1.json")).Ok().Body;

        Assert.Empty(Unions(JsonDocument.Parse(text).RootElement, "#"));
        foreach (var request in (string[])["DepositRequest", "WithdrawalRequest", "TransferRequest"])
        {
            var schema = JsonDocument.Parse(text).RootElement.GetProperty("components").GetProperty("schemas").GetProperty(request);
            Assert.Contains("reason", schema.GetProperty("required").EnumerateArray().Select(r => r.GetString()));
            Assert.Equal(140, schema.GetProperty("properties").GetProperty("reason").GetProperty("maxLength").GetInt32());
        }

        var amount = JsonDocument
            .Parse(text)
            .RootElement.GetProperty("components")
            .GetProperty("schemas")
            .GetProperty("Amount")
            .GetProperty("properties");
        Assert.Equal("string", amount.GetProperty("value").GetProperty("type").GetString());
        Assert.Contains("\"date-time\"", text, StringComparison.Ordinal);
        Assert.Contains("\"debit\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_documentation_loads_nothing_from_other_hosts()
    {
        var page = (await _anybody.GetAsync("/docs")).Body is { Length: > 0 } direct
            ? direct : (await _anybody.GetAsync("/docs/")).Ok().Body;

        Assert.Contains("<html", page, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(Foreign().Matches(page).Select(m => m.Value));
        var scripts = Scripts().Matches(page).Select(m => m.Groups[1].Value).ToList();
        Assert.NotEmpty(scripts);
        foreach (var script in scripts)
        {
            (await _anybody.GetAsync(new Uri(new("http://localhost/docs/"), script).PathAndQuery)).Ok();
        }
    }

    [Fact]
    public async Task The_documentation_opens_on_moving_money_with_a_token_for_callers_of_this_machine()
    {
        var page = (await _anybody.GetAsync("/docs/", ("Host", "localhost"))).Ok();
        var foreign = (await _anybody.GetAsync("/docs/", ("Host", "bank.example.org"))).Ok();

        Assert.Contains("location.hash ||= 'tag/money/POST/v1/transfers'", page.Body, StringComparison.Ordinal);
        var document = (await _anybody.GetAsync("/openapi/v1.json")).Ok().Json;
        var operation = document.GetProperty("paths").GetProperty("/v1/transfers").GetProperty("post");
        Assert.Equal("Money", operation.GetProperty("tags")[0].GetString());
        Assert.StartsWith("Move money", operation.GetProperty("summary").GetString(), StringComparison.Ordinal);
        Assert.Equal("""[{"url":"/"}]""", document.GetProperty("servers").GetRawText().Replace(" ", "", StringComparison.Ordinal)
            .ReplaceLineEndings(""));
        var token = Tokens().Match(page.Body).Value;
        (await bank.WithToken(token).GetAsync("/v1/accounts?limit=1")).Ok();
        Assert.Contains("no-store", page.Header("Cache-Control"), StringComparison.Ordinal);
        Assert.DoesNotMatch(Tokens(), foreign.Body);
    }

    [Fact]
    public async Task The_type_of_a_problem_leads_to_its_entry_in_the_catalogue()
    {
        var problem = (await bank.As("teller").GetAsync("/v1/accounts/acc_1")).IsProblem(404, "account_not_found");
        var type = problem.GetProperty("type").GetString()!;

        var page = (await _anybody.GetAsync(type, ("Accept", "text/html"))).Ok().Body;
        Assert.Contains($"id=\"{type.Split('#')[1]}\"", page, StringComparison.Ordinal);
        var entry = (await _anybody.GetAsync(type, ("Accept", "application/json"))).Ok().Items()
            .Single(i => i.GetProperty("code").GetString() == "account_not_found");
        Assert.Equal("[404]", entry.GetProperty("statuses").GetRawText());
    }

    [Fact]
    public async Task A_contract_that_does_not_exist_is_a_problem() =>
        (await _anybody.GetAsync("/contracts/banking.nothing.v1.json")).IsProblem(404, "unknown_contract");

    [Fact]
    public async Task Every_answer_has_the_security_headers_and_none_about_the_server()
    {
        var teller = bank.As("teller");
        var account = await teller.OpenAsync();
        Answer[] answers =
        [
            await teller.GetAsync($"/v1/accounts/{account}"), await teller.GetAsync("/v1/accounts/garbage"),
            await teller.GetAsync("/nothing"),
            await _anybody.GetAsync("/v1/accounts"), await bank.As("auditor").DepositAsync(account, "1.00"),
            await teller.DepositAsync(account, "1.00"),
            await teller.DepositAsync(account, "-1.00"), await teller.SendAsync(HttpMethod.Delete, "/v1/accounts", null),
            await teller.GetAsync($"/v1/accounts/{account}", ("If-None-Match", "\"1\"")), await _anybody.GetAsync("/health/live"),
        ];

        Assert.All(answers, answer =>
        {
            Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
            Assert.Contains("no-store", answer.Header("Cache-Control"), StringComparison.Ordinal);
            Assert.Equal("default-src 'none'; frame-ancestors 'none'", answer.Header("Content-Security-Policy"));
            Assert.Null(answer.Header("Server"));
            Assert.Null(answer.Header("X-Powered-By"));
        });
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    public async Task The_host_reports_live_and_ready(string path) =>
        Assert.Equal("Healthy", (await _anybody.GetAsync(path)).Ok().Text("status"));

    [Fact]
    public async Task A_development_token_is_served_to_this_machine_only()
    {
        var made = (await _anybody.PostAsync("/dev/token", new { role = "teller", subject = "eva" })).Ok();
        Assert.Equal(("Bearer", "3600"), (made.Text("tokenType"), made.Text("expiresIn")));

        (await _anybody.PostAsync("/dev/token", new { role = "king" })).IsProblem(422, "unknown_role", "#/role");
        (await _anybody.PostAsync("/dev/token", new { role = "customer" })).IsProblem(422, "customer_required", "#/customer");
        foreach (var customer in (string[])["cus_0198f000000070008000000000000001", "no id of a customer"])
        {
            (await _anybody.PostAsync("/dev/token", new { role = "teller", customer })).IsProblem(422, "customer_required");
        }

        (await _anybody.PostAsync("/dev/token", new { role = "teller", subject = "a\0b" })).IsProblem(422, "invalid_text", "#/subject");
        (await _anybody.PostAsync("/dev/token", new { role = "teller", admin = true })).IsProblem(400, "malformed_json");
        foreach (var header in ProxyHeaders)
        {
            (await _anybody.PostAsync("/dev/token", new { role = "teller" }, (header, "for=127.0.0.1"))).IsProblem(404, "no_such_route");
        }

        foreach (var host in (string[])["bank.example.org", "localhost.example.org", "127.0.0.1.nip.io", "192.168.0.7:5080", "[::2]"])
        {
            (await _anybody.PostAsync("/dev/token", new { role = "teller" }, ("Host", host))).IsProblem(404, "no_such_route");
        }

        foreach (var host in (string[])["localhost", "LOCALHOST:5080", "127.0.0.1:1", "[::1]:5080"])
        {
            (await _anybody.PostAsync("/dev/token", new { role = "teller" }, ("Host", host))).Ok();
        }
    }

    private static readonly string[] ProxyHeaders =
    [
        "Forwarded", "X-Forwarded-For", "x-forwarded-host", "X-Forward-For", "X-Real-IP", "x-real-port", "Via", "CF-Connecting-IP",
        "True-Client-IP", "X-Original-For", "X-Client-Address", "Fly-Client-IP", "X-Vercel-Id", "X-ARR-SSL", "X-Cluster-Client-IP",
        "fastly-client-ip", "X-Envoy-External-Address", "X-Host", "X-SCHEME", "WL-Proxy-Client-IP", "X-Nginx-Proxy", "Ali-CDN-Real-IP",
        "X-Sucuri-ClientIP", "X-Source-IP",
    ];

    private static bool IsOfTheBank(string path) => BankPaths().IsMatch(path);

    private static IEnumerable<(string Path, string Method, JsonElement Operation)> Operations(JsonElement document) =>
        document.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Select(o => (p.Name, o.Name, o.Value)));

    /// <summary>The places where a schema's type is a list of two types other than null.</summary>
    private static IEnumerable<string> Unions(JsonElement element, string at) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(m =>
            m.Name == "type" && m.Value.ValueKind == JsonValueKind.Array && m.Value.EnumerateArray().Count(t => t.GetString() != "null") > 1
                ? [$"{at}/{m.Name}"]
                : Unions(m.Value, $"{at}/{m.Name}")),
        JsonValueKind.Array => element.EnumerateArray().SelectMany((e, i) => Unions(e, $"{at}/{i}")),
        _ => [],
    };

    [GeneratedRegex("""(?:src|href|url)\s*[=(:]\s*["']?(?:https?:)?//(?!localhost)[^"')\s>]+""", RegexOptions.IgnoreCase)]
    private static partial Regex Foreign();

    [GeneratedRegex(@"eyJ[\w-]+\.[\w-]+\.[\w-]+")]
    private static partial Regex Tokens();

    [GeneratedRegex("^/(v1|ops|audit)/")]
    private static partial Regex BankPaths();

    [GeneratedRegex("""<script[^>]*\bsrc=["']([^"']+)["']""")]
    private static partial Regex Scripts();
}
