using Alba;
using Banking.Accounts.Domain;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Verifying;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Accounts.Tests;

/// <summary>
/// A bank during an upgrade: one host writes the versions of events that an earlier release reads, the other the newest. Both serve the
/// same accounts, and every reader gives the same.
/// </summary>
public sealed class EventVersionTests : IAsyncLifetime
{
    private const string Former = "2026-11-29";

    /// <summary>The last release that writes counterparties plain.</summary>
    private const string Plain = "2026-11-30";

    private readonly UpgradedBank _bank = new();

    public async ValueTask InitializeAsync() => await _bank.InitializeAsync();

    public async ValueTask DisposeAsync() => await _bank.DisposeAsync();

    [Fact]
    public async Task Two_hosts_that_write_two_versions_serve_one_bank_and_every_reader_gives_the_same()
    {
        _bank.WritesNewest = true;
        await using var newer = await _bank.StartAnotherAsync();
        BankClient[] tellers = [_bank.As("teller"), BankFixture.On(newer, "teller")];
        var (account, other) = (await tellers[0].OpenAsync(), await tellers[1].OpenAsync());
        foreach (var teller in tellers.Concat(tellers))
        {
            (await teller.DepositAsync(account, "10.00")).Created();
            (await teller.WithdrawAsync(account, "1.00")).Created();
            var transfer = (await teller.TransferAsync(account, other, "2.00")).Created().Text("id");
            var correction = new { kind = "amount", amount = Euro("3.00"), reasonCode = "typo", reason = "Typo" };
            (await teller.PostAsync($"/v1/transactions/{transfer}/corrections", correction)).Created();
        }

        // 4 × (10 − 1 − 3), in both versions.
        Assert.Equal("24.00", await tellers[0].BalanceAsync(account));
        foreach (
            var fact in (string[])
                [
                    "money-deposited", "money-withdrawn", "transfer-sent", "transfer-received", "movement-reversed", "movement-rebooked",
                ])
        {
            Assert.Equal([$"accounts.{fact}.v1", $"accounts.{fact}.v3"], await StoredAsync(fact));
        }

        await AssertReadersAgreeAsync(account, newer.Services);
        await AssertExplainedAsync(_bank.As("auditor"));
        await AssertPublishedAsync(account);
        await AssertCountedAsync();
    }

    [Fact]
    public async Task What_only_the_newest_version_can_say_is_answered_503_until_it_is_written_and_then_read_everywhere()
    {
        var account = await _bank.As("teller").OpenAsync();
        var deposit = new
        {
            accountId = account,
            amount = Euro("5.00"),
            reason = "Salary",
            purposeCode = "SALA",
            endToEndId = "PAY-2026-11",
            counterparty = new { bank = "YZ", account = "87144583" },
        };

        var early = await _bank.As("teller").PostAsync("/v1/deposits", deposit);
        Assert.Equal((503, "event_version_not_written"), (early.StatusCode, early.Code));
        Assert.NotNull(early.Header("Retry-After"));
        Assert.Equal("0.00", await _bank.As("teller").BalanceAsync(account));

        _bank.WritesNewest = true;
        await using var newer = await _bank.StartAnotherAsync();
        var made = (await BankFixture.On(newer, "teller").PostAsync("/v1/deposits", deposit)).Created();
        var shown = (await _bank.As("teller").GetAsync($"/v1/deposits/{made.Text("id")}")).Ok();
        Assert.Equal(
            ("SALA", "PAY-2026-11", "YZ"), (shown.Text("purposeCode"), shown.Text("endToEndId"), shown.Text("counterparty", "bank")));
        var entry = (await _bank.As("teller").GetAsync($"/v1/accounts/{account}/entries")).Ok().Items().Single();
        Assert.Equal(
            """{"counterparty":{"bank":"YZ","account":"87144583"},"purposeCode":"SALA","endToEndId":"PAY-2026-11"}""",
            entry.GetProperty("details").GetRawText());

        // A correction repeats the details, so the host that writes the former version cannot store it.
        var correction = new { kind = "amount", amount = Euro("6.00"), reasonCode = "typo", reason = "Typo" };
        var refused = await _bank.As("teller").PostAsync($"/v1/transactions/{made.Text("id")}/corrections", correction);
        Assert.Equal((503, "event_version_not_written"), (refused.StatusCode, refused.Code));
        (await BankFixture.On(newer, "teller").PostAsync($"/v1/transactions/{made.Text("id")}/corrections", correction)).Created();
    }

    [Fact]
    public async Task A_host_that_writes_what_earlier_releases_read_seals_no_counterparty_and_both_hosts_read_and_correct_both()
    {
        await using var plain = await _bank.StartWritingAsync(Plain);
        await using var newest = await _bank.StartWritingAsync(null);
        BankClient[] tellers = [BankFixture.On(plain, "teller"), BankFixture.On(newest, "teller")];
        var account = await tellers[0].OpenAsync();
        var party = new { bank = "YZ", account = "87144583" };
        var deposits = new List<string>();
        foreach (var teller in tellers)
        {
            object Command(string value) => new { accountId = account, amount = Euro(value), reason = "Test", counterparty = party };
            deposits.Add((await teller.PostAsync("/v1/deposits", Command("5.00"))).Created().Text("id"));
            Assert.Equal("insufficient_funds", (await teller.PostAsync("/v1/withdrawals", Command("99.00"))).Code);
        }

        Assert.Equal(["accounts.money-deposited.v2", "accounts.money-deposited.v3"], await StoredAsync("money-deposited"));
        Assert.Equal(
            ["object", "string"],
            await _bank.QueryAsync<string>(
                "select jsonb_typeof(data -> 'command' -> 'fields' -> 'counterparty') from platform.mt_doc_refusal order by 1"));
        foreach (var (teller, deposit) in tellers.SelectMany(t => deposits.Select(d => (t, d))))
        {
            Assert.Equal("87144583", (await teller.GetAsync($"/v1/deposits/{deposit}")).Ok().Text("counterparty", "account"));
        }

        // Each host corrects what the other has stored.
        for (var i = 0; i < 2; i++)
        {
            var reversal = new { kind = "reversal", reasonCode = "typo", reason = "Typo" };
            (await tellers[i].PostAsync($"/v1/transactions/{deposits[1 - i]}/corrections", reversal)).Created();
        }

        foreach (var teller in tellers)
        {
            var entries = (await teller.GetAsync($"/v1/accounts/{account}/entries")).Ok().Items();
            Assert.Equal(4, entries.Count);
            Assert.All(entries, e => Assert.Contains("\"account\":\"87144583\"", e.GetRawText(), StringComparison.Ordinal));
        }

        Assert.Equal(["accounts.movement-reversed.v2", "accounts.movement-reversed.v3"], await StoredAsync("movement-reversed"));
        Assert.Equal("0.00", await tellers[0].BalanceAsync(account));
        await UntilCurrentAsync();
        Assert.Empty(await VerifyAsync(newest.Services));
    }

    [Theory]
    [InlineData("purposeCode", "sala", "invalid_text")]
    [InlineData("purposeCode", "SALARY", "invalid_text")]
    [InlineData("purposeCode", "", "invalid_text")]
    [InlineData("endToEndId", "123456789012345678901234567890123456", "invalid_text")]
    public async Task A_detail_that_does_not_fit_is_refused(string member, string value, string code)
    {
        var account = await _bank.As("teller").OpenAsync();

        var answer = await _bank.As("teller").PostAsync(
            "/v1/deposits",
            new Dictionary<string, object> { ["accountId"] = account, ["amount"] = Euro("1.00"), ["reason"] = "Test", [member] = value });

        Assert.Equal((422, code), (answer.StatusCode, answer.Code));
    }

    /// <summary>The fast reader, Marten's own, the replay of the account, stored states, books and documents, and a rebuild.</summary>
    private async Task AssertReadersAgreeAsync(string account, IServiceProvider newer)
    {
        var stream = Stored.Id(account);
        var fast = await newer.GetRequiredService<EventReader>().StreamAsync(stream, 1, 0, CancellationToken.None);
        await using var session = _bank.Store.QuerySession();
        var marten = await session.Events.FetchStreamAsync(stream);
        Assert.Equal(marten.Select(e => (e.EventTypeName, e.Data)), fast.Select(e => (e.EventTypeName, e.Data)));
        var state = await session.Events.AggregateStreamAsync<Account>(stream);
        Assert.Equal((24_00, 21L), (state!.Balance.Minor, state.Version));

        await UntilCurrentAsync();
        Assert.Empty(await VerifyAsync(newer));
        var why = new { reasonCode = "look", reason = "A look" };
        var replay = (await _bank.As("operator").PostAsync($"/ops/accounts/{account}/replay", why)).Ok();
        Assert.DoesNotContain("\"expected\"", replay.Body, StringComparison.Ordinal);
        Assert.Equal(202, (await _bank.As("operator").PostAsync("/ops/projections/entries/rebuild", why)).StatusCode);
        await Eventually.UntilAsync(
            () => _bank.QueryAsync<int>("select generation from platform.read_model where name = 'entries' and state = 'serving'"),
            generation => generation[0] == 2);
        Assert.Empty(await VerifyAsync(newer));
    }

    /// <summary>An explanation of the ledger has one group per event, and the group's link has the entries of both versions.</summary>
    private static async Task AssertExplainedAsync(BankClient auditor)
    {
        var line = (await auditor.GetAsync("/v1/ledger/accounts/customer-deposits/explain")).Ok().Json.GetProperty("currencies")[0];
        var types = line.GetProperty("types").EnumerateArray().ToList();
        Assert.Equal(6, types.Count);
        Assert.All(types, t => Assert.EndsWith(".v3", t.GetProperty("name").GetString(), StringComparison.Ordinal));
        Assert.Equal(line.GetProperty("entries").GetInt64(), types.Sum(t => t.GetProperty("entries").GetInt64()));
        foreach (var type in types)
        {
            Assert.Equal(
                type.GetProperty("entries").GetInt32(),
                (await auditor.GetAsync(type.GetProperty("items").GetString()! + "&limit=500")).Ok().Items().Count);
        }
    }

    private static async Task<IReadOnlyList<Difference>> VerifyAsync(IServiceProvider host) =>
        (await host.GetRequiredService<Verification>().RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None)).Differences;

    /// <summary>Both versions are published under one contract, with the same members.</summary>
    private async Task AssertPublishedAsync(string account)
    {
        var events = (await _bank.As("operator").GetAsync($"/v1/feed?accounts={account}&limit=500")).Ok().Items().ToList();
        Assert.Equal(21, events.Count);
        foreach (var ofType in events.GroupBy(e => e.GetProperty("type").GetString()))
        {
            Assert.EndsWith(".v1", ofType.Key, StringComparison.Ordinal);
            Assert.Single(ofType.Select(e => string.Join(' ', e.GetProperty("data").EnumerateObject().Select(m => m.Name))).Distinct());
        }

        Assert.Equal(4, events.Count(e => e.GetProperty("type").GetString() == "banking.account.money-deposited.v1"));
    }

    private async Task AssertCountedAsync()
    {
        for (var round = 1; round <= 2; round++)
        {
            // The second answer counts on from the first.
            var types = (await _bank.As("operator").GetAsync("/ops/events/types")).Ok().Items()
                .ToDictionary(t => t.GetProperty("type").GetString()!);
            Assert.Equal(
                """{"type":"accounts.money-deposited.v1","known":true,"written":true,"readAs":"accounts.money-deposited.v3",""" +
                    """ "replacedOn":"2026-11-30","upcaster":"StoredDepositV1.Upcast","stored":2}""".TrimStart(),
                types["accounts.money-deposited.v1"].GetRawText());
            Assert.Equal(
                """{"type":"accounts.money-deposited.v3","known":true,"written":false,"stored":2}""",
                types["accounts.money-deposited.v3"].GetRawText());
            var stored = (await _bank.QueryAsync<long>("select count(*) from bank.mt_events"))[0];
            Assert.Equal(stored, types.Values.Sum(t => t.GetProperty("stored").GetInt64()));
        }
    }

    private async Task UntilCurrentAsync()
    {
        var end = (await _bank.QueryAsync<long>("select max(seq_id) from bank.mt_events"))[0];
        await Eventually.UntilAsync(
            () => _bank.QueryAsync<long>(
                "select least((select min(position) from platform.read_model where state = 'serving'), "
                    + $"(select min(last_seq_id) from {SchemaNames.Events}.mt_event_progression where name not like 'HighWater%'))"),
            position => position[0] >= end);
    }

    private Task<List<string>> StoredAsync(string fact) =>
        _bank.QueryAsync<string>("select distinct type from bank.mt_events where type like 'accounts.' || $1 || '.v%' order by 1", fact);

    private static object Euro(string value) => new { value, currency = "EUR" };

    private sealed class UpgradedBank : BankFixture
    {
        private string? _writes = Former;

        /// <summary>Whether the next host to start writes the newest versions.</summary>
        public bool WritesNewest
        {
            get => _writes is null;
            set => _writes = value ? null : Former;
        }

        protected override string[] Settings =>
            _writes is null ? base.Settings : [.. base.Settings, "--Banking:Events:WriteVersionsOf", _writes];

        public Task<IAlbaHost> StartWritingAsync(string? versionsOf)
        {
            _writes = versionsOf;
            return StartAnotherAsync();
        }
    }
}
