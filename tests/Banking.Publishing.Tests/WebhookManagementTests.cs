using Banking.Publishing.Webhooks;
using Banking.Testing;

namespace Banking.Publishing.Tests;

/// <summary>Operators manage webhooks.</summary>
public sealed class WebhookManagementTests(WebhookBank bank) : IClassFixture<WebhookBank>
{
    private readonly BankClient _teller = bank.As("teller");
    private readonly BankClient _operator = bank.As("operator");

    [Fact]
    public async Task An_unknown_webhook_and_an_impossible_grace_period_are_refused()
    {
        (await bank.As("operator").GetAsync("/v1/webhooks/whk_0198f000000070008000000000000001")).IsProblem(404, "webhook_not_found");
        (await bank.AskAsync("/v1/webhooks/whk_1/secret/rotate", new { graceHours = 721 })).IsProblem(422, "malformed_grace");
    }

    [Theory]
    [InlineData("left \u202E right")]
    [InlineData("two\nlines")]
    [InlineData("")]
    public async Task The_note_of_a_test_obeys_the_rules_of_any_text(string note)
    {
        var refused = await bank.AskAsync("/v1/webhooks/whk_1/test", new { note });

        refused.IsProblem(422, "invalid_text");
        Assert.Contains("\"#/note\"", refused.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task During_the_grace_of_a_rotation_both_secrets_sign_and_then_one()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var account = await _teller.OpenAsync();
        var webhook = await bank.RegisterWebhookAsync(receiver.Url, accounts: [account], from: "beginning");
        await receiver.TookAsync(1);
        var old = Assert.Single(await bank.SecretsAsync(webhook));
        (await bank.AskAsync($"/v1/webhooks/{webhook}/secret/rotate", new { graceHours = 2 })).Ok();
        var both = await bank.SecretsAsync(webhook);
        Assert.Equal((2, old), (both.Length, both[1]));

        (await bank.AskAsync($"/v1/webhooks/{webhook}/test", new { note = "both" })).Ok();
        Assert.Equal(
            ("banking.webhook.test.v1", "both"),
            (receiver.All[^1].Type, receiver.All[^1].Event.GetProperty("data").GetProperty("note").GetString()));
        Assert.All(both, s => Assert.True(receiver.All[^1].IsSignedWith(s)));
        bank.Clock.Advance(TimeSpan.FromHours(2));
        (await bank.AskAsync($"/v1/webhooks/{webhook}/test", new { })).Ok();
        Assert.Equal((true, false), (receiver.All[^1].IsSignedWith(both[0]), receiver.All[^1].IsSignedWith(old)));
        Assert.Equal([both[0]], await bank.SecretsAsync(webhook));
    }

    [Fact]
    public async Task A_secret_is_in_its_own_answer_and_its_own_table_and_nowhere_else()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var webhook = await bank.RegisterWebhookAsync(receiver.Url);
        (await bank.AskAsync($"/v1/webhooks/{webhook}/secret/rotate", new { })).Ok();
        var secret = (await bank.SecretsAsync(webhook))[0];

        var holders = new List<string>();
        foreach (
            var table in await QueryAsync(
                "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')")
        )
        {
            // JSON may escape characters of the base64 text, so search for its longest run of letters and digits.
            var run = secret.Split('+', '/', '=').MaxBy(r => r.Length)!;
            holders.AddRange(await QueryAsync($"select '{table}' from {table} t where t::text like '%{run}%' limit 1"));
        }

        Assert.Equal(["publishing_keys.mt_doc_webhook_secret"], holders);
        Assert.DoesNotContain(secret, new WebhookSecret(Guid.Empty, Guid.Empty, secret).ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("whsec_", (await _operator.GetAsync("/v1/webhooks?limit=500")).Ok().Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_endpoint_that_was_removed_gets_nothing_more_and_leaves_nothing_behind()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var account = await _teller.OpenAsync();
        var webhook = await bank.RegisterWebhookAsync(receiver.Url, accounts: [account], from: "beginning");
        await receiver.TookAsync(1);
        (await bank.AskAsync($"/v1/webhooks/{webhook}/remove", new { reasonCode = "ended", reason = "The contract has ended" })).Ok();
        await WebhookSteps.UntilAsync(
            async () => (await _operator.GetAsync("/ops/outbox")).Ok().Body, body => !body.Contains(webhook, StringComparison.Ordinal));
        (await _teller.DepositAsync(account, "1.00")).Created();

        // A delivery of the same event to another endpoint proves that the removed endpoint was passed over.
        await using var other = await WebhookReceiver.StartAsync();
        await bank.RegisterWebhookAsync(other.Url, accounts: [account], from: "beginning");
        await other.TookAsync(2);
        Assert.Single(receiver.All);
        Assert.Equal("webhook_removed", (await bank.AskAsync($"/v1/webhooks/{webhook}/change", new { url = receiver.Url })).Code);
        Assert.NotNull((await _operator.GetAsync($"/v1/webhooks/{webhook}")).Ok().Text("removedAt"));
    }

    [Fact]
    public async Task A_changed_endpoint_gets_what_comes_after_where_it_is_now()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var elsewhere = await WebhookReceiver.StartAsync();
        var account = await _teller.OpenAsync();
        var webhook = await bank.RegisterWebhookAsync(receiver.Url, accounts: [account], from: "beginning");
        await receiver.TookAsync(1);
        (await bank.AskAsync($"/v1/webhooks/{webhook}/change", new { url = elsewhere.Url, accounts = new[] { account } })).Ok();
        await WebhookSteps.UntilAsync(
            async () =>
            {
                await _teller.DepositAsync(account, "1.00");
                return elsewhere.Taken.Count;
            },
            n => n > 0);
        // An event in flight during the change may reach both addresses. An event delivered earlier is not sent again.
        Assert.DoesNotContain(receiver.Taken[0].Id, elsewhere.Taken.Select(d => d.Id));
    }

    [Fact]
    public async Task A_secret_that_was_promised_to_sign_is_not_pushed_out_and_one_that_signs_no_more_is_deleted()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var webhook = await bank.RegisterWebhookAsync(receiver.Url, accounts: [await _teller.OpenAsync()], from: "beginning");
        (await bank.AskAsync($"/v1/webhooks/{webhook}/secret/rotate", new { graceHours = 2 })).Ok();
        var both = await bank.SecretsAsync(webhook);

        (await bank.AskAsync($"/v1/webhooks/{webhook}/secret/rotate", new { graceHours = 2 })).IsProblem(409, "rotation_under_way");
        Assert.Equal(both, await bank.SecretsAsync(webhook));
        (await bank.AskAsync($"/v1/webhooks/{webhook}/secret/rotate", new { graceHours = 0 })).Ok();

        var left = Assert.Single(await bank.SecretsAsync(webhook));
        Assert.DoesNotContain(left, both);
        await Eventually.UntilAsync(() => StoredAsync(both), n => n == 0);
        Assert.Equal(1, await StoredAsync([left]));
        (await bank.AskAsync($"/v1/webhooks/{webhook}/remove", new { reasonCode = "test", reason = "No more." })).Ok();
        await Eventually.UntilAsync(() => StoredAsync([left]), n => n == 0);
    }

    [Fact]
    public async Task An_event_whose_turn_has_not_come_is_not_sent_ahead_of_it()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var account = await _teller.OpenAsync();
        var webhook = await bank.RegisterWebhookAsync(receiver.Url, accounts: [account], from: "beginning");
        await receiver.TookAsync(1);
        var reason = new { reasonCode = "test", reason = "A test asks for it." };
        (await _operator.PostAsync($"/ops/outbox/webhook:{webhook}/hold", reason)).Ok();
        var deposit = (await _teller.DepositAsync(account, "1.00")).Created().Text("id");

        (await bank.AskAsync($"/v1/webhooks/{webhook}/resend", new { eventId = "evt_" + deposit[4..] })).IsProblem(
            409, "not_delivered_yet");

        (await _operator.PostAsync($"/ops/outbox/webhook:{webhook}/release", reason)).Ok();
        await receiver.TookAsync(2);
        Assert.Equal(
            "true", (await bank.AskAsync($"/v1/webhooks/{webhook}/resend", new { eventId = "evt_" + deposit[4..] })).Ok().Text("taken"));
    }

    [Fact]
    public async Task An_endpoint_that_lost_what_it_had_gets_all_of_it_again_what_it_took_of_a_page_that_failed_too()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        string[] accounts = [await _teller.OpenAsync(), await _teller.OpenAsync()];
        receiver.Answer = d => d.Account == accounts[0] ? 204 : 503;
        var webhook = await bank.RegisterWebhookAsync(receiver.Url, accounts: accounts, from: "beginning");
        await receiver.TookAsync(1);
        var reason = new { reasonCode = "test", reason = "It lost what it had." };
        // The bank may have paused this destination already after several failures in a row.
        await _operator.PostAsync($"/ops/outbox/webhook:{webhook}/hold", reason);

        (await _operator.PostAsync($"/ops/outbox/webhook:{webhook}/position", new { position = 0, reason.reasonCode, reason.reason })).Ok();
        receiver.Answer = _ => 204;
        (await _operator.PostAsync($"/ops/outbox/webhook:{webhook}/release", reason)).Ok();

        await receiver.TookAsync(2);
        await Eventually.UntilAsync(() => receiver.All.Count(d => d.Account == accounts[0]), n => n >= 2);
    }

    [Fact]
    public async Task A_name_longer_than_any_can_be_is_one_that_nobody_knows_and_no_failure_of_the_bank()
    {
        var label = new string('a', 63);

        var registered = (await bank.AskAsync("/v1/webhooks", new { url = $"https://{label}.{label}.{label}.{label}.{label}/x" }))
            .Created()
            .Text("id");
        (await bank.AskAsync($"/v1/webhooks/{registered}/remove", new { reasonCode = "test", reason = "It was never there." })).Ok();
    }

    [Theory]
    [InlineData(404)]
    [InlineData(401)]
    public async Task Not_here_and_not_you_speak_of_the_endpoint_and_make_no_dead_letter(int status)
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answer = _ => status;
        var account = await _teller.OpenAsync();
        var webhook = await bank.RegisterWebhookAsync(receiver.Url, accounts: [account], from: "beginning");
        var seen = await Eventually.UntilAsync(
            async () =>
                (await _operator.GetAsync("/ops/outbox"))
                    .Ok()
                    .Items()
                    .SingleOrDefault(d => d.GetProperty("name").GetString() == $"webhook:{webhook}"),
            d => d.ValueKind != System.Text.Json.JsonValueKind.Undefined && d.TryGetProperty("lastError", out _));
        Assert.Contains($"{status}", seen.GetProperty("lastError").GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Empty((await _operator.GetAsync($"/ops/dead-letters?destination=webhook:{webhook}")).Ok().Items());
        receiver.Answer = _ => 204;
        // The bank may have paused this destination by then after several failures in a row.
        await _operator.PostAsync($"/ops/outbox/webhook:{webhook}/release", new { reasonCode = "test", reason = "It is well again." });

        await receiver.TookAsync(1);
    }

    [Fact]
    public async Task The_key_of_a_single_delivery_that_failed_is_free_again()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var account = await _teller.OpenAsync();
        var webhook = await bank.RegisterWebhookAsync(receiver.Url, accounts: [account], from: "beginning");
        await receiver.TookAsync(1);
        var (id, position) = (receiver.All[0].Id, receiver.All[0].Position);
        await Eventually.UntilAsync(() => ResendAsync(BankClient.NewKey()), answer => answer.StatusCode != 409);
        // Nothing else reads the event any more.
        foreach (var read in (string[])["/v1/entries", "/v1/ledger/trial-balance", "/audit/events"])
        {
            (await bank.As("auditor").GetCurrentAsync(read, $"{position}")).Ok();
        }

        (await bank.As("auditor").GetAsync("/v1/accounts?limit=1")).Ok();
        var (key, data) = (
            BankClient.NewKey(), (await bank.QueryAsync<string>("select data::text from bank.mt_events where seq_id = $1", position))[0]);
        await bank.ExecuteAsync("update bank.mt_events set data = '{}' where seq_id = $1", position);
        var failed = await ResendAsync(key);
        await bank.ExecuteAsync("update bank.mt_events set data = $2::jsonb where seq_id = $1", position, data);

        Assert.Equal((503, "event_unreadable"), (failed.StatusCode, failed.Code));
        Assert.Equal("true", (await ResendAsync(key)).Ok().Text("taken"));

        Task<Answer> ResendAsync(string key) => bank.As("operator").PostAsync(
            $"/v1/webhooks/{webhook}/resend", new { eventId = id }, ("Idempotency-Key", key));
    }

    [Fact]
    public async Task An_event_is_sent_once_more_and_what_the_endpoint_says_is_answered()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var account = await _teller.OpenAsync();
        var webhook = await bank.RegisterWebhookAsync(receiver.Url, accounts: [account], from: "beginning");
        await receiver.TookAsync(1);
        var eventId = receiver.All[0].Id;

        // The endpoint receives the event shortly before the bank records the delivery.
        var again = await Eventually.UntilAsync(
            () => bank.AskAsync($"/v1/webhooks/{webhook}/resend", new { eventId }), answer => answer.StatusCode != 409);
        Assert.Equal("true", again.Ok().Text("taken"));
        Assert.Equal([eventId, eventId], receiver.All.Select(d => d.Id));
        Assert.Equal(receiver.All[0].Body, receiver.All[1].Body);
        receiver.Answer = _ => 418;
        var no = (await bank.AskAsync($"/v1/webhooks/{webhook}/resend", new { eventId })).Ok();
        Assert.Equal(("false", "418", "No, thank you."), (no.Text("taken"), no.Text("status"), no.Text("text")));
        var key = ("Idempotency-Key", BankClient.NewKey());
        var tested = (await _operator.PostAsync($"/v1/webhooks/{webhook}/test", new { }, key)).Ok();
        Assert.Equal(tested.Body, (await _operator.PostAsync($"/v1/webhooks/{webhook}/test", new { }, key)).Ok().Body);
        Assert.Single(receiver.All, d => d.Type == "banking.webhook.test.v1");

        var foreign = (await _operator.GetAsync("/v1/feed?limit=1")).Ok().Items()[0].GetProperty("id").GetString()!;
        var other = await bank.RegisterWebhookAsync(receiver.Url, accounts: [await _teller.OpenAsync()]);
        var unwanted = await bank.AskAsync($"/v1/webhooks/{other}/resend", new { eventId = foreign });
        Assert.Equal(("event_not_wanted", "/problems#event_not_wanted"), (unwanted.Code, unwanted.Text("type")));
        Assert.Equal("event_not_found", (await bank.AskAsync($"/v1/webhooks/{webhook}/resend", new { eventId = "evt_1" })).Code);
    }

    [Theory]
    [InlineData("""{"url":"nowhere"}""", "malformed_url")]
    [InlineData("""{"url":"ftp://ada.example/"}""", "webhook_address_not_allowed")]
    [InlineData("""{"url":"https://ada:secret@ada.example/"}""", "webhook_address_not_allowed")]
    [InlineData("""{"url":"http://127.0.0.1:1/","types":[]}""", "empty_list")]
    [InlineData("""{"url":"http://127.0.0.1:1/","types":["banking.nothing.v1"]}""", "unknown_name")]
    [InlineData("""{"url":"http://127.0.0.1:1/","accounts":["XB09DEMO000000000001"]}""", "unknown_name")]
    [InlineData("""{"url":"http://127.0.0.1:1/","from":"999999999"}""", "position_beyond_end")]
    [InlineData("""{"url":"http://127.0.0.1:1/","from":"yesterday"}""", "malformed_from")]
    [InlineData("""{"url":"http://127.0.0.1:1/","from":""}""", "malformed_from")]
    public async Task What_makes_no_sense_is_refused(string body, string code)
    {
        var answer = await _operator.PostTextAsync("/v1/webhooks", body);
        Assert.Equal((code == "position_beyond_end" ? 416 : 422, code), (answer.StatusCode, answer.Code));
    }

    private async Task<List<string>> QueryAsync(string sql)
    {
        await using var command = bank.Database.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }

    private async Task<long> StoredAsync(string[] secrets) =>
        (
            await bank.QueryAsync<long>(
                "select count(*) from publishing_keys.mt_doc_webhook_secret s where exists (select from unnest($1) t where "
                    + "s.data::text like '%' || t || '%')",
                (object)secrets))[0];
}
