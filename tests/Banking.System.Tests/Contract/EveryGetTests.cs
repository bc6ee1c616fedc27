using Banking.Testing;

namespace Banking.System.Tests.Contract;

/// <summary>Every GET of a populated bank answers what the OpenAPI document says: status, headers, and each member of the body.</summary>
public sealed class EveryGetTests(PopulatedBank bank) : IClassFixture<PopulatedBank>
{
    [Fact]
    public async Task Each_answer_is_as_the_document_says()
    {
        var contract = new ServedContract((await bank.Anonymous().GetAsync("/openapi/v1.json")).Ok().Body);
        var (operators, untold) = (bank.As("operator"), new List<string>());
        var paths = contract.Paths("get").ToList();
        foreach (var path in paths)
        {
            foreach (var address in bank.AddressesOf(path))
            {
                var answer = await operators.GetAsync(address, ("Accept", "application/json, application/*;q=0.9"));
                untold.AddRange(answer.StatusCode == 200
                    ? contract.FindUntold("get", path, answer)
                    : [$"{address}: {answer.StatusCode} {answer.Body}"]);
            }
        }

        Assert.True(paths.Count > 40, $"Only {paths.Count} addresses were found.");
        Assert.True(untold.Count == 0, string.Join('\n', untold));
    }

    [Fact]
    public async Task Each_problem_is_as_the_document_says()
    {
        var contract = new ServedContract((await bank.Anonymous().GetAsync("/openapi/v1.json")).Ok().Body);
        var (caller, untold) = (bank.As("operator"), new List<string>());
        foreach (var path in contract.Paths("get"))
        {
            Answer[] answers =
            [
                await caller.GetAsync(bank.AddressesOf(path)[0].Split('?')[0] + "?unknown=1"),
                await caller.GetAsync(PopulatedBank.Nowhere(path)),
                await caller.GetAsync(bank.AddressesOf(path)[0], ("Accept", "image/png")),
                await bank.Anonymous().GetAsync(bank.AddressesOf(path)[0]),
                // Documents that everyone may read have no position.
                await (contract.NeedsToken("get", path) ? caller : bank.Anonymous())
                    .GetAsync(bank.AddressesOf(path)[0], ("Ledger-Min-Position", "999999999"), ("Prefer", "wait=0")),
            ];
            untold.AddRange(answers.Where(a => a.StatusCode >= 400).SelectMany(a => contract.FindUntold("get", path, a)));
        }

        Assert.True(untold.Count == 0, string.Join('\n', untold));
    }

    /// <summary>The parameters that take a local time of the time zone tz.</summary>
    private static readonly string[] Times = ["from", "to", "recordedFrom", "effectiveAt", "knownAt", "statedAt"];

    [Fact]
    public async Task Each_problem_of_a_time_is_as_the_document_says()
    {
        var contract = new ServedContract((await bank.Anonymous().GetAsync("/openapi/v1.json")).Ok().Body);
        var (caller, untold, codes) = (bank.As("operator"), new List<string>(), new HashSet<string?>());
        foreach (var (path, name) in contract.Paths("get").Where(p => contract.Query("get", p).Contains("tz"))
            .SelectMany(p => contract.Query("get", p).Intersect(Times).Select(name => (p, name))))
        {
            var address = bank.AddressesOf(path)[0];
            address += address.Contains('?', StringComparison.Ordinal) ? "&" : "?";
            foreach (var wrong in (string[])["2026-10-25T02:30&tz=Europe/Berlin", "2026-03-29T02:30&tz=Europe/Berlin", "yesterday"])
            {
                var answer = await caller.GetAsync($"{address}{name}={wrong}");
                codes.Add(answer.Code);
                untold.AddRange(answer.StatusCode < 400 ? [$"{answer.StatusCode} {path} {name}={wrong}"] : []);
                untold.AddRange(contract.FindUntold("get", path, answer));
            }
        }

        Assert.True(untold.Count == 0, string.Join('\n', untold));
        Assert.Superset(new HashSet<string?> { "malformed_time", "local_time_doubled", "local_time_skipped" }, codes);
    }

    [Fact]
    public async Task Each_answer_ends_with_a_newline()
    {
        var contract = new ServedContract((await bank.Anonymous().GetAsync("/openapi/v1.json")).Ok().Body);
        var (operators, without) = (bank.As("operator"), new List<string>());
        foreach (var address in contract.Paths("get").Append("/v1/nothing").SelectMany(bank.AddressesOf)
            // Its bytes were fixed when it was issued.
            .Where(a => !a.StartsWith("/v1/statements/", StringComparison.Ordinal)))
        {
            foreach (var caller in (BankClient[])[operators, bank.Anonymous()])
            {
                var answer = await caller.GetAsync(address, ("Accept", "application/json, application/*;q=0.9"));
                without.AddRange(answer.EndsWithNewline ? [] : [$"{answer.StatusCode} {address}"]);
            }
        }

        Assert.True(without.Count == 0, string.Join('\n', without));
        var teller = bank.As("teller");
        var account = await teller.OpenAsync();
        (string, string) key = ("Idempotency-Key", BankClient.NewKey());
        Answer[] answers =
        [
            await teller.DepositAsync(account, "1.00", "EUR", key), await teller.DepositAsync(account, "1.00", "EUR", key),
            await teller.WithdrawAsync(account, "2.00"), await teller.GetAsync("/v1/accounts/acc_1"),
            await teller.PostAsync("/v1/deposits", new { }), await bank.As("auditor").DepositAsync(account, "1.00"),
        ];
        Assert.All(answers, a => Assert.True(a.EndsWithNewline, $"{a.StatusCode} {a.Body}"));
        Assert.Equal("", (await teller.SendAsync(HttpMethod.Head, $"/v1/accounts/{account}", null)).Body);
        var same = await teller.GetAsync($"/v1/accounts/{account}", ("If-None-Match", "*"));
        Assert.Equal((304, "", false), (same.StatusCode, same.Body, same.EndsWithNewline));
    }

    /// <summary>
    /// Reads of the log, of states and of books up to the log's end: these are never behind. Items of the feed have their positions, and a
    /// simulation replays the log as it was when it was asked for.
    /// </summary>
    private static readonly string[] NeverBehind =
    [
        "/", "/asyncapi.json", "/contracts", "/health/", "/openapi", "/ops/", "/problems", "/v1/accounts/{", "/v1/customers",
        "/v1/deposits/{", "/v1/withdrawals/{", "/v1/transfers/{", "/v1/transactions/{", "/v1/refusals/{", "/v1/statements/{",
        "/v1/webhooks/{", "/v1/notification-subscriptions", "/v1/feed", "/v1/simulations/{", "/v1/proposals", "/v1/periods",
    ];

    /// <summary>Written by messages in no order, so no position says how far they are; a request for one is refused.</summary>
    private const string Notifications = "/v1/notifications";

    [Fact]
    public async Task Each_answer_of_an_asynchronous_model_says_its_position()
    {
        var contract = new ServedContract((await bank.Anonymous().GetAsync("/openapi/v1.json")).Ok().Body);
        var (operators, silent) = (bank.As("operator"), new List<string>());
        foreach (var path in contract.Paths("get").Where(p => p != Notifications))
        {
            var answer = await operators.GetAsync(bank.AddressesOf(path)[0]);
            if (answer.Header("Ledger-Position") is null
                && !NeverBehind.Any(n => path == n || (n.Length > 1 && path.StartsWith(n, StringComparison.Ordinal))))
            {
                silent.Add(path);
            }
        }

        Assert.True(silent.Count == 0, string.Join('\n', silent));
        (await operators.GetAsync(Notifications, ("Ledger-Min-Position", "1"))).IsProblem(400, "min_position_not_supported");
        foreach (var path in (string[])["/audit/events", "/v1/entries", "/v1/transfers", "/v1/figures", "/v1/accounts", "/v1/webhooks",
            "/v1/ledger/figures", "/v1/customers/{customer}/overview"])
        {
            Assert.NotNull((await operators.GetAsync(bank.AddressesOf(path)[0])).Header("Ledger-Position"));
        }
    }

    [Fact]
    public async Task A_difference_is_found()
    {
        var text = (await bank.Anonymous().GetAsync("/openapi/v1.json")).Ok().Body;
        var answer = await bank.As("operator").GetAsync(bank.AddressesOf("/v1/accounts/{account}")[0]);

        Assert.Empty(new ServedContract(text).FindUntold("get", "/v1/accounts/{account}", answer));
        foreach (var changed in (Answer[])
            [
                answer with { Body = answer.Body.Replace("\"currency\"", "\"curency\"", StringComparison.Ordinal) },
                answer with { Body = answer.Body.Replace("\"version\":", "\"version\":\"\",\"v\":", StringComparison.Ordinal) },
                answer with { Body = answer.Body.Replace("+00:00", "", StringComparison.Ordinal) },
                answer with { Status = global::System.Net.HttpStatusCode.Created },
                answer with { Headers = new Dictionary<string, string>(answer.Headers) { ["Location"] = "/" } },
            ])
        {
            Assert.NotEmpty(new ServedContract(text).FindUntold("get", "/v1/accounts/{account}", changed));
        }
    }
}
