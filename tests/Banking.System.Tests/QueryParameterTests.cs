using System.Text;
using Banking.Testing;
using Banking.Web.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.System.Tests;

/// <summary>No query parameter is ignored, on any route of the running host.</summary>
public sealed class QueryParameterTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");
    private readonly BankClient _operator = bank.As("operator");

    [Fact]
    public async Task Every_route_refuses_an_unknown_parameter_and_lists_the_known_ones()
    {
        foreach (var (method, path, known) in Routes())
        {
            var answer = await AskAsync(method, path + "?zzzz=1");

            Assert.True(answer.StatusCode == 400, $"{method} {path}: {answer.StatusCode} {answer.Body}");
            var problem = answer.IsProblem(400, "unknown_parameter");
            Assert.Equal("zzzz", problem.GetProperty("parameter").GetString());
            Assert.Equal(known, problem.GetProperty("known").EnumerateArray().Select(k => k.GetString()!));
        }
    }

    [Fact]
    public async Task Every_declared_parameter_is_read()
    {
        foreach (var (method, path, known) in Routes())
        {
            foreach (var name in known)
            {
                // No parameter accepts this value, so reading it must give an error.
                var answer = await AskAsync(method, $"{path}?{name}=%01");

                Assert.True(answer.StatusCode == 400, $"{method} {path}?{name}: {answer.StatusCode} {answer.Body}");
                Assert.NotEqual("unknown_parameter", answer.Code);
            }
        }
    }

    [Fact]
    public async Task A_repeated_parameter_or_one_in_another_case_is_refused()
    {
        foreach (var (method, path, known) in Routes())
        {
            foreach (var name in known)
            {
                (await AskAsync(method, $"{path}?{name}=1&{name}=1")).IsProblem(400, "repeated_parameter");
                (await AskAsync(method, $"{path}?{name}=1&{name.ToUpperInvariant()}x=1")).IsProblem(400, "unknown_parameter");
                if (name.Any(char.IsAsciiLetterLower))
                {
                    var no = (await AskAsync(method, $"{path}?{name.ToUpperInvariant()}=1")).IsProblem(400, "unknown_parameter");
                    Assert.Equal(
                        name.Length == 1 ? null : name, no.TryGetProperty("nearest", out var nearest) ? nearest.GetString() : null);
                }
            }
        }
    }

    [Theory]
    [InlineData("/v1/accounts?custmerId=x", "customerId")]
    [InlineData("/audit/events?acount=x", "account")]
    [InlineData("/v1/accounts/acc_1/balance?effective_at=2021-01-01T00:00:00Z", "effectiveAt")]
    [InlineData("/v1/accounts/acc_1/balance?asOf=2021-01-01T00:00:00Z", null)]
    [InlineData("/v1/feed?cursor=12", null)]
    [InlineData("/v1/accounts/acc_1/entries?effectiveAt=2021-01-01T00:00:00Z", null)]
    [InlineData("/v1/accounts?", "no problem")]
    [InlineData("/v1/accounts?=1", null)]
    [InlineData("/v1/accounts?x", null)]
    [InlineData("/v1/accounts?%00=1", null)]
    [InlineData("/v1/accounts?limit%00=1", null)]
    [InlineData("/v1/accounts?%20limit=1", "limit")]
    public async Task A_misspelt_parameter_is_refused_with_the_nearest_known_one(string path, string? nearest)
    {
        var answer = await bank.As("auditor").GetAsync(path);

        if (nearest == "no problem")
        {
            answer.Ok();
            return;
        }

        var problem = answer.IsProblem(400, "unknown_parameter");
        if (nearest is null)
        {
            // Without %00, the name may still be close to a known one.
            Assert.True(
                !problem.TryGetProperty("nearest", out var near) || path.Contains("%00", StringComparison.Ordinal), near.ToString());
        }
        else
        {
            Assert.Equal(nearest, problem.GetProperty("nearest").GetString());
        }
    }

    [Theory]
    [InlineData("/v1/deposits")]
    [InlineData("/v1/withdrawals")]
    [InlineData("/v1/transfers")]
    [InlineData("/v1/deposits/batch")]
    [InlineData("/v1/withdrawals/batch")]
    [InlineData("/v1/transfers/batch")]
    public async Task No_money_moves_with_an_unknown_parameter(string route)
    {
        var (account, other) = (await _teller.OpenAsync(balance: "100.00"), await _teller.OpenAsync());
        var amount = new { value = "1.00", currency = "EUR" };
        object command = route.Contains("transfers", StringComparison.Ordinal)
            ? new { fromAccountId = account, toAccountId = other, amount, reason = "rent" }
            : new { accountId = account, amount, reason = "rent" };
        object body = route.EndsWith("/batch", StringComparison.Ordinal)
            ? new { mode = "independent", items = new[] { new { idempotencyKey = BankClient.NewKey(), command } } }
            : command;
        var before = await bank.RowsAsync();

        (await _teller.PostAsync(route + "?dryRun=true", body)).IsProblem(400, "unknown_parameter");

        Assert.Equal(before, await bank.RowsAsync());
        var answer = await _teller.PostAsync(route, body);
        Assert.True(answer.StatusCode is 200 or 201, answer.Body);
        Assert.NotEqual(before, await bank.RowsAsync());
    }

    [Theory]
    [InlineData("/v1/ledger/trial-balance?date=2026-01-01&tz=Europe/Berlin", "time_zone_not_applicable")]
    [InlineData("/v1/ledger/balance-sheet?date=2026-01-01&tz=Europe/Berlin", "time_zone_not_applicable")]
    [InlineData("/v1/ledger/trial-balance?tz=Europe/Berlin", "time_zone_not_applicable")]
    [InlineData("/v1/ledger/accounts/cash/entries?from=2026-01-01&tz=Europe/Berlin", "time_zone_not_applicable")]
    [InlineData("/v1/ledger/accounts/cash/entries?tz=Europe/Berlin", "time_zone_not_applicable")]
    [InlineData("/v1/accounts/{0}/balance?tz=Europe/Berlin", "time_zone_not_applicable")]
    [InlineData("/v1/accounts/{0}/balance?version=1&tz=Europe/Berlin", "time_zone_not_applicable")]
    [InlineData("/v1/accounts/{0}/balance?version=1&knownAt=2026-01-01T00:00:00Z", "malformed_version")]
    [InlineData("/v1/accounts/{0}/balance?effectiveAt=2026-01-01T00:00:00Z&tz=", "malformed_time")]
    [InlineData("/audit/events?tz=Europe/Berlin", "time_zone_not_applicable")]
    [InlineData("/audit/events?actor=eva&tz=Europe/Berlin", "time_zone_not_applicable")]
    [InlineData("/v1/ledger/figures?tz=Europe/Berlin", "time_zone_not_applicable")]
    [InlineData("/v1/ledger/figures?from=2026-01-01&tz=Europe/Berlin", "time_zone_not_applicable")]
    [InlineData("/v1/figures?tz=Berlin", "malformed_time")]
    [InlineData("/v1/accounts/{0}/figures?tz=Berlin", "malformed_time")]
    [InlineData("/v1/ledger/figures?from=2026-02-01&to=2026-01-01", "malformed_period")]
    [InlineData("/v1/ledger/accounts/cash/entries?from=2026-02-01&to=2026-01-01", "malformed_period")]
    [InlineData("/v1/accounts/{0}/figures?from=2026-02-01&to=2026-01-01", "malformed_period")]
    [InlineData("/v1/accounts/{0}/figures?by=", "malformed_filter")]
    [InlineData("/audit/events?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", "malformed_period")]
    [InlineData("/v1/feed?after=", "malformed_position")]
    public async Task A_known_parameter_that_cannot_be_honoured_is_an_error(string path, string code)
    {
        var account = await _teller.OpenAsync();

        (await _operator.GetAsync(string.Format(null, path, account))).IsProblem(400, code);
    }

    private Task<Answer> AskAsync(string method, string path) => (path.Contains("/dev/", StringComparison.Ordinal) ? bank.Anonymous()
        : Staff.First(s => s.Paths.Any(p => path.StartsWith(p, StringComparison.Ordinal))).Role is var role ? bank.As(role) : _teller)
        .SendAsync(new(method), path, method == "POST" ? new StringContent("{}", Encoding.UTF8, "application/json") : null,
            ("Idempotency-Key", BankClient.NewKey()));

    /// <summary>The role for a path: the first whose prefixes match.</summary>
    private static readonly (string Role, string[] Paths)[] Staff =
    [
        ("operator", ["/ops/", "/audit/", "/v1/ledger", "/v1/figures", "/v1/feed", "/v1/webhooks", "/v1/notification", "/v1/periods"]),
        ("teller", ["/"]),
    ];

    /// <summary>All served routes except the documentation, which has parameters of its own.</summary>
    private IEnumerable<(string Method, string Path, IReadOnlyList<string> Known)> Routes() =>
        bank.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => !e.RoutePattern.RawText!.Contains("docs", StringComparison.Ordinal))
            .SelectMany(e =>
                (e.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Select(m =>
                    (
                        m,
                        Path(e),
                        (IReadOnlyList<string>)
                            [.. e.Metadata.GetOrderedMetadata<IQueryParameters>().SelectMany(p => p.Parameters).Select(p => p.Name)])));

    private string Path(RouteEndpoint e)
    {
        _account ??= _teller.OpenAsync().GetAwaiter().GetResult();
        return string.Join('/', ("/" + e.RoutePattern.RawText!.TrimStart('/')).Split('/').Select(part => part switch
        {
            "{account}" when e.RoutePattern.RawText.Contains("ledger", StringComparison.Ordinal) => "cash",
            "{account}" => _account,
            "{documentName}.json" => "v1.json",
            "{type}.json" => "x.json",
            _ when part.StartsWith('{') => "acc_1",
            _ => part,
        }));
    }

    private string? _account;
}
