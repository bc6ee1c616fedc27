using System.Text;
using Banking.Testing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.System.Tests;

/// <summary>Every route of the running host must be listed here with its policy.</summary>
public sealed class RoutePolicyTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private const string Anonymous = "anonymous";

    private static readonly (string Method, string Route, string Policy)[] Routes =
    [
        ("GET", "/", Anonymous),
        ("GET", "/docs/favicon.svg", Anonymous),
        ("GET", "/docs/{documentName?}", Anonymous),
        ("GET", "/docs/scalar.aspnetcore.js", Anonymous),
        ("GET", "/docs/scalar.js", Anonymous),
        ("GET", "/health/live", Anonymous),
        ("GET", "/health/ready", Anonymous),
        ("GET", "/openapi/{documentName}.json", Anonymous),
        ("GET", "/asyncapi.json", Anonymous),
        ("GET", "/contracts", Anonymous),
        ("GET", "/contracts/{type}.json", Anonymous),
        ("GET", "/problems", Anonymous),
        ("POST", "/dev/token", Anonymous),
        ("GET", "/ops/projections", "watch"),
        ("POST", "/ops/projections/rebuild", "operate"),
        ("POST", "/ops/projections/{name}/rebuild", "operate"),
        ("GET", "/ops/projections/{name}/rebuild", "watch"),
        ("POST", "/ops/projections/{name}/rebuild/cancel", "operate"),
        ("POST", "/ops/projections/{name}/rebuild/switch", "operate"),
        ("POST", "/ops/projections/{name}/candidate", "operate"),
        ("GET", "/ops/projections/{name}/candidate", "watch"),
        ("DELETE", "/ops/projections/{name}/candidate", "operate"),
        ("POST", "/ops/projections/{name}/candidate/switch", "operate"),
        ("POST", "/ops/projections/{name}/repair", "operate"),
        ("POST", "/ops/projections/{name}/replay", "operate"),
        ("POST", "/ops/projections/{name}/resume", "operate"),
        ("POST", "/ops/accounts/{account}/replay", "operate"),
        ("GET", "/ops/outbox", "watch"),
        ("POST", "/ops/outbox/{destination}/hold", "operate"),
        ("POST", "/ops/outbox/{destination}/release", "operate"),
        ("POST", "/ops/outbox/{destination}/position", "operate"),
        ("POST", "/ops/webhooks/release", "operate"),
        ("GET", "/ops/dead-letters", "watch"),
        ("GET", "/ops/archive", "watch"),
        ("GET", "/ops/backups", "watch"),
        ("POST", "/ops/backups", "operate"),
        ("GET", "/ops/events/types", "watch"),
        ("GET", "/ops/incoming", "watch"),
        ("GET", "/ops/incoming/dead-letters", "watch"),
        ("POST", "/ops/dead-letters/replay", "operate"),
        ("POST", "/ops/dead-letters/discard", "operate"),
        ("GET", "/audit/events", "audit"),
        ("GET", "/v1/accounts", "read"),
        ("POST", "/v1/accounts", "onboard"),
        ("GET", "/v1/accounts/{account}", "read"),
        ("GET", "/v1/accounts/{account}/balance", "read"),
        ("GET", "/v1/accounts/{account}/balance/explain", "read"),
        ("GET", "/v1/accounts/{account}/balance/explain/movements", "read"),
        ("GET", "/v1/accounts/{account}/balance/mistakes", "read"),
        ("GET", "/v1/accounts/{account}/changes", "read"),
        ("POST", "/v1/accounts/{account}/close", "control-accounts"),
        ("GET", "/v1/accounts/{account}/entries", "read"),
        ("GET", "/v1/accounts/{account}/events", "read"),
        ("GET", "/v1/accounts/{account}/figures", "read"),
        ("POST", "/v1/accounts/{account}/freeze", "control-accounts"),
        ("POST", "/v1/accounts/{account}/overdraft-limit", "control-accounts"),
        ("GET", "/v1/accounts/{account}/refusals", "read"),
        ("GET", "/v1/accounts/{account}/statement-schedule", "read"),
        ("POST", "/v1/accounts/{account}/statement-schedule", "issue-statements"),
        ("GET", "/v1/accounts/{account}/statements", "read"),
        ("POST", "/v1/accounts/{account}/statements", "issue-statements"),
        ("POST", "/v1/accounts/{account}/unfreeze", "control-accounts"),
        ("GET", "/v1/customers", "read"),
        ("POST", "/v1/customers", "onboard"),
        ("GET", "/v1/customers/{customer}", "read"),
        ("GET", "/v1/customers/{customer}/overview", "read"),
        ("GET", "/v1/deposits", "read"),
        ("POST", "/v1/deposits", "deposit"),
        ("POST", "/v1/deposits/batch", "deposit"),
        ("GET", "/v1/deposits/{deposit}", "read"),
        ("GET", "/v1/entries", "read"),
        ("GET", "/v1/feed", "read-feed"),
        ("GET", "/v1/feed/completeness", "read-feed"),
        ("GET", "/v1/feed/deliveries", "read-feed"),
        ("GET", "/v1/figures", "read-books"),
        ("GET", "/v1/ledger/accounts", "read-books"),
        ("GET", "/v1/ledger/accounts/{account}/entries", "read-books"),
        ("GET", "/v1/ledger/accounts/{account}/explain", "read-books"),
        ("GET", "/v1/ledger/accounts/{account}/mistakes", "read-books"),
        ("GET", "/v1/ledger/balance-sheet", "read-books"),
        ("GET", "/v1/ledger/figures", "read-books"),
        ("GET", "/v1/ledger/trial-balance", "read-books"),
        ("GET", "/v1/notification-subscriptions", "read"),
        ("POST", "/v1/notification-subscriptions", "subscribe"),
        ("POST", "/v1/notification-subscriptions/{subscription}/cancel", "subscribe"),
        ("GET", "/v1/notifications", "read"),
        ("GET", "/v1/periods", "read-periods"),
        ("GET", "/v1/periods/{month}", "read-periods"),
        ("POST", "/v1/periods/{month}/close", "close-periods"),
        ("POST", "/v1/periods/{month}/reopen", "close-periods"),
        ("GET", "/v1/proposals", "read-proposals"),
        ("GET", "/v1/proposals/{proposal}", "read-proposals"),
        ("GET", "/v1/proposals/{proposal}/refusals", "read-proposals"),
        ("POST", "/v1/proposals/{proposal}/approve", "decide-proposals"),
        ("POST", "/v1/proposals/{proposal}/reject", "decide-proposals"),
        ("POST", "/v1/proposals/{proposal}/withdraw", "decide-proposals"),
        ("GET", "/v1/refusals/{refusal}", "read"),
        ("POST", "/v1/simulations", "simulate"),
        ("GET", "/v1/simulations/{simulation}", "simulate"),
        ("DELETE", "/v1/simulations/{simulation}", "simulate"),
        ("GET", "/v1/statements/{statement}", "read"),
        ("GET", "/v1/transactions/{transaction}", "read"),
        ("POST", "/v1/transactions/{transaction}/corrections", "control-accounts"),
        ("GET", "/v1/transfers", "read"),
        ("POST", "/v1/transfers", "move-money"),
        ("POST", "/v1/transfers/batch", "move-money"),
        ("GET", "/v1/transfers/{transfer}", "read"),
        ("GET", "/v1/webhooks", "manage-webhooks"),
        ("POST", "/v1/webhooks", "manage-webhooks"),
        ("GET", "/v1/webhooks/{webhook}", "manage-webhooks"),
        ("POST", "/v1/webhooks/{webhook}/change", "manage-webhooks"),
        ("POST", "/v1/webhooks/{webhook}/remove", "manage-webhooks"),
        ("POST", "/v1/webhooks/{webhook}/resend", "manage-webhooks"),
        ("GET", "/v1/webhooks/{webhook}/secret", "manage-webhooks"),
        ("POST", "/v1/webhooks/{webhook}/secret/rotate", "manage-webhooks"),
        ("POST", "/v1/webhooks/{webhook}/test", "manage-webhooks"),
        ("GET", "/v1/withdrawals", "read"),
        ("POST", "/v1/withdrawals", "move-money"),
        ("POST", "/v1/withdrawals/batch", "move-money"),
        ("GET", "/v1/withdrawals/{withdrawal}", "read"),
    ];

    private static readonly Dictionary<string, string[]> RolesOf = new()
    {
        ["onboard"] = ["teller"],
        ["deposit"] = ["teller"],
        ["move-money"] = ["teller", "customer"],
        ["control-accounts"] = ["teller", "operator"],
        ["read"] = ["teller", "customer", "operator", "auditor"],
        ["watch"] = ["operator", "auditor"],
        ["operate"] = ["operator"],
        ["read-books"] = ["operator", "auditor"],
        ["audit"] = ["operator", "auditor"],
        ["subscribe"] = ["teller", "operator", "customer"],
        ["issue-statements"] = ["teller", "operator", "customer"],
        ["simulate"] = ["teller", "operator", "auditor"],
        ["read-feed"] = ["operator", "auditor"],
        ["manage-webhooks"] = ["operator"],
        ["read-proposals"] = ["teller", "operator", "auditor"],
        ["decide-proposals"] = ["teller", "operator"],
        ["read-periods"] = ["teller", "operator", "auditor"],
        ["close-periods"] = ["operator"],
    };

    private static readonly string[] BankRoles = ["customer", "teller", "operator", "auditor", "service"];

    public static TheoryData<string> Forgeries => [.. ForgedTokens.Kinds];

    public static TheoryData<string> Roles => ["customer", "teller", "operator", "auditor", "service", "Teller", ""];

    [Fact]
    public void Every_route_has_a_policy_or_is_listed_as_anonymous()
    {
        var found = bank.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().SelectMany(e =>
            (e.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["*"]).Select(m => (m, Path(e), Policy(e))));

        var (listed, served) = (Lines(Routes), Lines(found));
        Assert.Equal(("", ""), (string.Join(", ", served.Except(listed)), string.Join(", ", listed.Except(served))));
        Assert.Equal(listed.Length, served.Length);
    }

    [Theory]
    [MemberData(nameof(Forgeries))]
    public async Task A_forged_token_is_refused_on_every_route(string kind)
    {
        var caller = bank.WithToken(new ForgedTokens(bank).Make(kind));

        foreach (var (method, route, _) in Closed)
        {
            var answer = await SendAsync(caller, method, route);

            answer.IsProblem(401, "unauthenticated");
            Assert.StartsWith("Bearer", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Roles))]
    public async Task A_role_may_use_exactly_the_routes_of_its_policies(string role)
    {
        var caller = bank.WithToken(new ForgedTokens(bank).With(new() { ["sub"] = "subject-1", ["role"] = role }));

        foreach (var (method, route, policy) in Closed)
        {
            var answer = await SendAsync(caller, method, route);

            if (RolesOf[policy].Contains(role))
            {
                Assert.True(answer.StatusCode is 200 or 400 or 404 or 422,
                    $"{role} at {method} {route}: {answer.StatusCode} {answer.Body}");
            }
            else
            {
                answer.IsProblem(403, BankRoles.Contains(role) ? "forbidden" : "no_role");
            }
        }
    }

    [Fact]
    public async Task A_token_without_a_subject_or_with_no_or_two_roles_is_refused()
    {
        var forged = new ForgedTokens(bank);
        (Dictionary<string, object> Claims, string Code)[] callers =
        [
            (new() { ["role"] = "teller" }, "no_actor"),
            (new() { ["sub"] = "subject-1" }, "no_role"),
            // Two roles: the route must not be authorized by one and the caller judged by the other.
            (new() { ["sub"] = "subject-1", ["role"] = new[] { "auditor", "customer" }, ["customer"] = "cus_1" }, "several_roles"),
        ];

        foreach (var (claims, code) in callers)
        {
            var caller = bank.WithToken(forged.With(claims));
            foreach (var (method, route, _) in Closed)
            {
                (await SendAsync(caller, method, route)).IsProblem(403, code);
            }
        }
    }

    [Fact]
    public async Task An_unknown_route_is_answered_401_without_a_token()
    {
        (await bank.Anonymous().GetAsync("/v1/nothing")).IsProblem(401, "unauthenticated");
        (await bank.As("teller").GetAsync("/v1/nothing")).IsProblem(404, "no_such_route");
        (await bank.As("teller").SendAsync(HttpMethod.Delete, "/v1/accounts", null)).IsProblem(405, "method_not_allowed");
    }

    private static IEnumerable<(string Method, string Route, string Policy)> Closed => Routes.Where(r => r.Policy != Anonymous);

    private static string[] Lines(IEnumerable<(string Method, string Route, string Policy)> routes) =>
        [.. routes.Select(r => $"{r.Method} {r.Route} {r.Policy}")];

    private static string Path(RouteEndpoint e) => "/" + e.RoutePattern.RawText!.TrimStart('/');

    private static string Policy(RouteEndpoint e) => e.Metadata.GetMetadata<IAllowAnonymous>() is not null
        ? Anonymous
        : string.Join('+', e.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(a => a.Policy ?? "any caller"));

    private static Task<Answer> SendAsync(BankClient caller, string method, string route)
    {
        var path = string.Join('/', route.Split('/').Select(part => part.StartsWith('{') ? "acc_1" : part));
        var body = method == "POST" ? new StringContent("{}", Encoding.UTF8, "application/json") : null;
        return caller.SendAsync(new(method), path, body, ("Idempotency-Key", BankClient.NewKey()));
    }
}
