using System.Text.Json;
using Banking.Audit.ReadModels;
using Banking.EventStore.Json;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>The search of the audit trail, for auditors and operators.</summary>
public sealed class AuditTests(BankFixture bank) : IClassFixture<BankFixture>
{
    /// <summary>As strict as the bank's own reading, except for absent members, which mean null in answers.</summary>
    private static readonly JsonSerializerOptions Strict = new(ApiJson.Options) { RespectRequiredConstructorParameters = false };

    private readonly BankClient _teller = bank.As("teller");
    private readonly BankClient _auditor = bank.As("auditor");

    [Fact]
    public async Task An_event_is_shown_with_its_metadata()
    {
        var account = await _teller.OpenAsync();
        bank.Clock.Advance(TimeSpan.FromMicroseconds(120));
        var frozen = (await bank.As("operator").PostAsync(
            $"/v1/accounts/{account}/freeze", new { scope = "debit", reasonCode = "fraud", reason = "It \"looks\" odd \\ }" },
            ("X-Correlation-ID", "case 17"), ("Idempotency-Key", "\"freeze-17\""))).Ok();

        var item = Assert.Single(await EventsAsync(frozen, "correlationId=case%2017"));

        Assert.Equal(
            [
                "id",
                "type",
                "position",
                "streamId",
                "version",
                "recordedAt",
                "actor",
                "role",
                "channel",
                "operation",
                "reason",
                "correlationId",
                "idempotencyKey",
                "data",
            ],
            item.EnumerateObject().Select(m => m.Name));
        Assert.Equal(
            ("accounts.account-frozen.v1", account, 2L, bank.Clock.Now),
            (Text(item, "type"), Text(item, "streamId"), item.GetProperty("version").GetInt64(), item.Time("recordedAt")));
        Assert.Equal(
            ("dev-operator", "operator", "http", $"POST /v1/accounts/{account}/freeze", "case 17", "freeze-17"),
            (
                Text(item, "actor"),
                Text(item, "role"),
                Text(item, "channel"),
                Text(item, "operation"),
                Text(item, "correlationId"),
                Text(item, "idempotencyKey")));
        Assert.Equal(
            ("fraud", "It \"looks\" odd \\ }"), (Text(item.GetProperty("reason"), "code"), Text(item.GetProperty("reason"), "text")));
        Assert.Equal(frozen.Header("Ledger-Position"), item.GetProperty("position").GetRawText());
        // The account's own list shows the same members.
        var shown = (await _auditor.GetAsync($"/v1/accounts/{account}/events")).Ok().Items()[^1];
        Assert.All(item.EnumerateObject().Where(m => m.Name != "streamId"), m => Assert.True(
            JsonElement.DeepEquals(m.Value, shown.GetProperty(m.Name)), $"{m.Name}: {m.Value} {shown.GetProperty(m.Name)}"));
    }

    [Fact]
    public async Task The_JSON_that_PostgreSQL_writes_matches_the_documented_record()
    {
        var account = await _teller.OpenAsync(balance: "5.00");
        var written = (await _teller.WithdrawAsync(account, "1.00")).Created();

        var answer = (await _auditor.GetCurrentAsync("/audit/events?limit=500", written.Header("Ledger-Position")!)).Ok();
        var page = JsonSerializer.Deserialize<AuditPageView>(answer.Body, Strict)!;

        Assert.Equal("application/json", answer.Header("Content-Type"));
        Assert.NotNull(answer.Header("Ledger-Position"));
        Assert.NotEmpty(page.Items);
        Assert.Equal(page.Items.OrderByDescending(e => e.Position), page.Items);
        Assert.Equal("""{"items":[],"actors":[]}""", (await _auditor.GetAsync("/audit/events?actor=nobody")).Ok().Body);
    }

    [Fact]
    public async Task Each_filter_selects_its_events_and_several_select_those_that_match_all()
    {
        var customer = await _teller.RegisterAsync();
        bank.Clock.Advance(TimeSpan.FromHours(1));
        var start = bank.Clock.Now;
        var account = (await _teller.PostAsync(
            "/v1/accounts", new { customerId = customer, currency = "EUR" }, ("X-Correlation-ID", "morning"))).Created().Text("id");
        bank.Clock.Advance(TimeSpan.FromHours(1));
        var noon = bank.Clock.Now;
        var ada = bank.As("customer", customer);
        (await _teller.DepositAsync(account, "9.00", "EUR", ("X-Correlation-ID", "noon"))).Created();
        var withdrawal = (await ada.WithdrawAsync(account, "2.00", "EUR", ("X-Correlation-ID", "noon"))).Created();
        bank.Clock.Advance(TimeSpan.FromHours(1));
        (string opened, string deposited, string withdrawn) = (
            "accounts.account-opened.v1", "accounts.money-deposited.v3", "accounts.money-withdrawn.v3");
        var id = "evt_" + withdrawal.Text("id")[4..];
        var (from, to) = ($"from={start.Query()}", $"to={noon.Query()}");

        foreach (
            var (query, expected) in new (string, string[])[]
            {
                ($"account={account}", [withdrawn, deposited, opened]),
                ($"stream={account}&type={opened}", [opened]),
                ($"stream={account[4..]}&type={opened}", [opened]),
                ($"stream={customer}", ["customers.customer-registered.v1"]),
                ($"account=acc_{customer[4..]}", ["customers.customer-registered.v1"]),
                ("correlationId=noon", [withdrawn, deposited]),
                ("correlationId=morning&type=" + withdrawn, []),
                ($"eventId={id}", [withdrawn]),
                ($"eventId={id}&account={account}&type={withdrawn}&correlationId=noon&actor={customer}", [withdrawn]),
                ($"eventId={id}&stream={customer}", []),
                ($"eventId=evt_{account[4..]}", []),
                ($"actor={customer}&account={account}", [withdrawn]),
                ($"actor={customer.ToUpperInvariant()}", []),
                ("type=accounts.money", []),
                ($"{from}&account={account}&type={opened}", [opened]),
                ($"{to}&account={account}&type={deposited}", []),
                ($"from={noon.Query()}", [withdrawn, deposited]),
                ($"from={noon.Query()}&{to}", []),
                ($"from={noon.AddMicroseconds(1).Query()}", []),
                ($"{from}&{to}&type={opened}", [opened]),
            })
        {
            Assert.Equal(
                (query, string.Join(", ", expected)),
                (query, string.Join(", ", (await EventsAsync(withdrawal, query)).Select(e => Text(e, "type")))));
        }
    }

    [Fact]
    public async Task Pages_do_not_change_when_events_are_added()
    {
        var account = await _teller.OpenAsync();
        Answer? last = null;
        for (var i = 0; i < 7; i++)
        {
            last = (await _teller.DepositAsync(account, "0.01")).Created();
        }

        foreach (var query in (string[])[$"account={account}", "actor=dev-teller", "", "type=accounts.money-deposited.v3"])
        {
            var before = (await EventsAsync(last!, query + "&limit=500")).Select(Id).ToList();
            var pages = await Pages.AllAsync(_auditor, "/audit/events?" + query, 2, async () =>
            {
                var added = (await _teller.DepositAsync(account, "0.01")).Created();
                await EventsAsync(added, "limit=1");
            });

            Assert.Equal(before, pages.SelectMany(p => p).Select(Id));
            Assert.All(pages.SkipLast(1), p => Assert.Equal(2, p.Count));
        }
    }

    [Fact]
    public async Task The_trail_contains_no_personal_data()
    {
        var name = "Augusta Ada Byron";
        var registered = (await _teller.PostAsync("/v1/customers", new { name, email = "ada.byron@example.org" })).Created();

        var answer = (
            await _auditor.GetCurrentAsync($"/audit/events?stream={registered.Text("id")}", registered.Header("Ledger-Position")!)).Ok();

        Assert.Single(answer.Items());
        Assert.DoesNotContain("Byron", answer.Body, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("example.org", answer.Body, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Customers_and_tellers_are_refused()
    {
        (await bank.As("customer", await _teller.RegisterAsync()).GetAsync("/audit/events")).IsProblem(403, "forbidden");
        (await _teller.GetAsync("/audit/events")).IsProblem(403, "forbidden");
        (await bank.As("operator").GetAsync("/audit/events")).Ok();
    }

    [Theory]
    [InlineData("eventId=acc_0198f000000070008000000000000001", "malformed_filter")]
    [InlineData("eventId=", "malformed_filter")]
    [InlineData("account=XB09DEMO000000000001", "malformed_filter")]
    [InlineData("stream=acc_1", "malformed_filter")]
    [InlineData("stream=acc_0198F000-0000-7000-8000-000000000001", "malformed_filter")]
    [InlineData("actor=", "malformed_filter")]
    [InlineData("actor=a%00b", "malformed_filter")]
    [InlineData("from=yesterday", "malformed_time")]
    [InlineData("to=2026-11-31", "malformed_time")]
    [InlineData("limit=501", "malformed_limit")]
    [InlineData("cursor=AAAA", "malformed_cursor")]
    public async Task An_invalid_filter_is_malformed(string query, string code) =>
        (await _auditor.GetAsync("/audit/events?" + query)).IsProblem(400, code);

    private async Task<IReadOnlyList<JsonElement>> EventsAsync(Answer written, string query) =>
        (await _auditor.GetCurrentAsync("/audit/events?" + query, written.Header("Ledger-Position")!)).Ok().Items();

    private static string Id(JsonElement item) => Text(item, "id")!;

    private static string? Text(JsonElement item, string member) => item.TryGetProperty(member, out var value) ? value.GetString() : null;
}
