using System.Text.Json;
using Banking.Publishing.Publishers;
using Banking.Testing;

namespace Banking.Publishing.Tests;

/// <summary>
/// A publisher delivers events in log order. An event that is rejected, or whose type is paused, blocks only its own account.
/// </summary>
public sealed class PublisherTests : IAsyncLifetime
{
    private const string Deposited = "banking.account.money-deposited.v1";
    private const string Withdrawn = "banking.account.money-withdrawn.v1";

    private static readonly object Reason = new { reasonCode = "test", reason = "A test asks for it." };

    private readonly SunkBank _bank = new();
    private BankClient _teller = null!;
    private BankClient _operator = null!;

    public async ValueTask InitializeAsync()
    {
        await _bank.InitializeAsync();
        (_teller, _operator) = (_bank.As("teller"), _bank.As("operator"));
    }

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Fact]
    public async Task Every_event_of_an_account_arrives_once_and_in_order_with_its_predecessor()
    {
        var (payer, payee) = (await _teller.OpenAsync(balance: "100.00"), await _teller.OpenAsync());
        (await _teller.TransferAsync(payer, payee, "30.00")).Created();
        (await _teller.WithdrawAsync(payee, "5.00")).Created();

        await ArrivedAsync(payer, [1, 2, 3]);
        await ArrivedAsync(payee, [1, 2, 3]);
        Assert.Equal([null, 1L, 2], _bank.Sink.Taken.Where(e => e.Subject == payer).Select(e => e.PreviousVersion));
        Assert.Equal(
            ["banking.account.account-opened.v1", "banking.account.transfer-received.v1", Withdrawn],
            _bank.Sink.Taken.Where(e => e.Subject == payee).Select(e => e.Type));
    }

    [Fact]
    public async Task An_unavailable_destination_gets_everything_when_it_is_back_and_the_bank_continues_meanwhile()
    {
        var account = await _teller.OpenAsync();
        await ArrivedAsync(account, [1]);
        _bank.Sink.Outage = "the sink is out";
        for (var i = 0; i < 5; i++)
        {
            (await _teller.DepositAsync(account, "1.00")).Created();
        }

        var seen = await Eventually.UntilAsync(
            () => DestinationAsync(), d => d.TryGetProperty("lastError", out _) && d.GetProperty("waiting").GetInt64() >= 5);
        Assert.Equal("the sink is out", seen.GetProperty("lastError").GetProperty("text").GetString());
        Assert.True(seen.GetProperty("oldestSeconds").GetDouble() >= 0);
        Assert.Equal("Degraded", (await _operator.GetAsync("/health/ready")).Ok().Text("status"));
        _bank.Sink.Outage = null;

        await ArrivedAsync(account, [1, 2, 3, 4, 5, 6]);
        await Eventually.UntilAsync(
            () => DestinationAsync(), d => !d.TryGetProperty("lastError", out _) && d.GetProperty("waiting").GetInt64() == 0);
        await Eventually.UntilAsync(
            async () => (await _operator.GetAsync("/health/ready")).Ok().Text("status"), health => health == "Healthy");
    }

    [Fact]
    public async Task A_paused_destination_continues_where_it_stopped_when_it_is_released()
    {
        var account = await _teller.OpenAsync();
        await ArrivedAsync(account, [1]);
        (await _operator.PostAsync($"/ops/outbox/{Sink.Name}/hold", Reason)).Ok();
        (await _operator.PostAsync($"/ops/outbox/{Sink.Name}/hold", Reason)).IsProblem(409, "already_held");
        (await _teller.DepositAsync(account, "1.00")).Created();
        var paused = await Eventually.UntilAsync(() => DestinationAsync(), d => d.GetProperty("waiting").GetInt64() > 0);
        Assert.Equal("dev-operator", paused.GetProperty("held").GetProperty("by").GetString());
        Assert.Equal([1], _bank.Sink.VersionsOf(account));

        (await _operator.PostAsync($"/ops/outbox/{Sink.Name}/release", Reason)).Ok();

        await ArrivedAsync(account, [1, 2]);
        (await _operator.PostAsync($"/ops/outbox/{Sink.Name}/release", Reason)).IsProblem(409, "not_held");
        var stream = PublisherControl.StreamOf(Sink.Name).ToString("N");
        var audited = (await _bank.As("auditor").GetCurrentAsync($"/audit/events?limit=2&stream={stream}", await PositionAsync()))
            .Ok()
            .Items();
        Assert.Equal(
            ["publishing.destination-released.v1 dev-operator", "publishing.destination-held.v1 dev-operator"],
            audited.Select(e => $"{e.GetProperty("type").GetString()} {e.GetProperty("actor").GetString()}"));
    }

    [Fact]
    public async Task A_paused_type_keeps_its_accounts_in_order_and_delays_no_other_account()
    {
        var (blocked, free) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync(balance: "10.00"));
        await ArrivedAsync(free, [1, 2]);
        (
            await _operator.PostAsync(
                $"/ops/outbox/{Sink.Name}/hold",
                new
                {
                    type = Withdrawn,
                    reasonCode = "test",
                    reason = "No withdrawals for now.",
                })).Ok();
        (await _teller.DepositAsync(blocked, "1.00")).Created();
        (await _teller.WithdrawAsync(blocked, "2.00")).Created();
        (await _teller.DepositAsync(blocked, "3.00")).Created();
        (await _teller.DepositAsync(free, "1.00")).Created();

        await ArrivedAsync(free, [1, 2, 3]);
        Assert.Equal([1, 2, 3], _bank.Sink.VersionsOf(blocked));
        var waiting = (
            await Eventually.UntilAsync(() => DestinationAsync(), d => d.GetProperty("blockedAccounts").GetArrayLength() > 0)
        ).GetProperty("blockedAccounts")[0];
        Assert.Equal(("held", 1L), (waiting.GetProperty("cause").GetString(), waiting.GetProperty("accounts").GetInt64()));

        (
            await _operator.PostAsync(
                $"/ops/outbox/{Sink.Name}/release",
                new
                {
                    type = Withdrawn,
                    reasonCode = "test",
                    reason = "Withdrawals go on.",
                })).Ok();

        await ArrivedAsync(blocked, [1, 2, 3, 4, 5]);
        (await _teller.DepositAsync(blocked, "4.00")).Created();
        await ArrivedAsync(blocked, [1, 2, 3, 4, 5, 6]);
        await Eventually.UntilAsync(() => DestinationAsync(), d => d.GetProperty("blockedAccounts").GetArrayLength() == 0);
    }

    [Fact]
    public async Task A_rejected_event_waits_as_a_dead_letter_with_all_that_follows_it_until_it_is_replayed()
    {
        var (blocked, other) = (await _teller.OpenAsync(), await _teller.OpenAsync());
        _bank.Sink.Refuses = e => e.Subject == blocked && e.Version == 2 ? "does not like it" : null;
        for (var i = 0; i < 3; i++)
        {
            (await _teller.DepositAsync(blocked, "1.00")).Created();
            (await _teller.DepositAsync(other, "1.00")).Created();
        }

        await ArrivedAsync(other, [1, 2, 3, 4]);
        var letter = (await Eventually.UntilAsync(() => DeadLettersAsync(blocked), l => l.Count == 1))[0];
        Assert.Equal(
            (Deposited, "does not like it", "rejected by the sink"),
            (letter.GetProperty("eventType").GetString(), letter.GetProperty("cause").GetString(), letter.GetProperty("detail").GetString())
        );
        Assert.Equal([1], _bank.Sink.VersionsOf(blocked));

        // The sink still rejects it: the account stays blocked, and the dead letter counts the second attempt.
        Assert.Equal(1, (await ResolveAsync("replay", blocked)).Json.GetProperty("asked").GetInt32());
        await Eventually.UntilAsync(
            () => DeadLettersAsync(blocked), l => l is [var again] && again.GetProperty("attempts").GetInt32() == 2);

        _bank.Sink.Refuses = _ => null;
        Assert.Equal(1, (await ResolveAsync("replay", blocked)).Json.GetProperty("asked").GetInt32());
        await ArrivedAsync(blocked, [1, 2, 3, 4]);
        await Eventually.UntilAsync(() => DeadLettersAsync(blocked), l => l.Count == 0);
    }

    [Fact]
    public async Task What_was_refused_on_an_account_waits_in_its_place_with_the_events_of_the_account()
    {
        var (blocked, payee) = (await _teller.OpenAsync(balance: "1.00"), await _teller.OpenAsync());
        _bank.Sink.Refuses = e => e.Subject == blocked && e.Version == 3 ? "does not like it" : null;
        (await _teller.DepositAsync(blocked, "1.00")).Created();
        (await _teller.TransferAsync(blocked, payee, "9.00")).IsProblem(422, "insufficient_funds");
        // This refusal is not published, although the publisher reads it with the account's other events.
        (await _teller.WithdrawAsync(blocked, "9.00")).IsProblem(422, "insufficient_funds");
        (await _teller.WithdrawAsync(blocked, "1.00")).Created();
        (await _teller.TransferAsync(blocked, payee, "8.00")).IsProblem(422, "insufficient_funds");
        (await _teller.DepositAsync(payee, "1.00")).Created();

        await ArrivedAsync(payee, [1, 2]);
        await Eventually.UntilAsync(() => DeadLettersAsync(blocked), l => l.Count == 1);
        Assert.Equal(["1", "2"], Published());

        _bank.Sink.Refuses = _ => null;
        await ResolveAsync("replay", blocked);
        await Eventually.UntilAsync(() => string.Join(' ', Published()), published => published == "1 2 3 refused 4 refused");
        await Eventually.UntilAsync(() => DeadLettersAsync(blocked), l => l.Count == 0);

        IEnumerable<string> Published() => _bank.Sink.Taken.Where(e => e.Subject == blocked).Select(e =>
            e.Type == "banking.account.transfer-refused.v1" ? "refused" : $"{e.Version}");
    }

    [Fact]
    public async Task A_discarded_dead_letter_is_passed_over_on_the_record_and_what_waits_behind_it_follows()
    {
        var account = await _teller.OpenAsync();
        _bank.Sink.Refuses = e => e.Subject == account && e.Version == 2 ? "never" : null;
        (await _teller.DepositAsync(account, "1.00")).Created();
        (await _teller.DepositAsync(account, "1.00")).Created();
        await Eventually.UntilAsync(() => DeadLettersAsync(account), l => l.Count == 1);

        (await _operator.PostAsync("/ops/dead-letters/discard", new { account })).IsProblem(422, "reason_required");
        Assert.Equal(1, (await ResolveAsync("discard", account)).Json.GetProperty("asked").GetInt32());

        await ArrivedAsync(account, [1, 3]);
        await Eventually.UntilAsync(() => DeadLettersAsync(account), l => l.Count == 0);
        var discarded = (
            await _bank.As("auditor").GetCurrentAsync("/audit/events?type=publishing.dead-letter-discarded.v1", await PositionAsync()))
            .Ok()
            .Items();
        Assert.Contains(discarded, d => d.GetProperty("reason").GetProperty("text").GetString() == "A test asks for it.");
    }

    [Fact]
    public async Task A_destination_that_is_set_back_gets_everything_again_in_order()
    {
        var account = await _teller.OpenAsync(balance: "1.00");
        await ArrivedAsync(account, [1, 2]);

        (
            await _operator.PostAsync(
                $"/ops/outbox/{Sink.Name}/position",
                new
                {
                    position = 1_000_000_000,
                    reasonCode = "test",
                    reason = "x",
                })).IsProblem(416, "position_beyond_end");
        (
            await _operator.PostAsync(
                $"/ops/outbox/{Sink.Name}/position",
                new
                {
                    position = 0,
                    reasonCode = "test",
                    reason = "A consumer lost what it had.",
                })).Ok();

        await ArrivedAsync(account, [1, 2, 1, 2]);
    }

    [Fact]
    public async Task A_publisher_that_another_host_took_over_stores_nothing_more_and_knows_the_blocked_accounts_when_it_is_taken_back()
    {
        var (blocked, free) = (await _teller.OpenAsync(), await _teller.OpenAsync());
        await ArrivedAsync(free, [1]);
        await ArrivedAsync(blocked, [1]);
        (await _operator.PostAsync($"/ops/outbox/{Sink.Name}/hold", Reason)).Ok();
        (await _teller.DepositAsync(blocked, "1.00")).Created();

        // Simulates the other host: it took over, found the account's next event rejected, and moved the checkpoint past it.
        await _bank.ExecuteAsync(
            "update publishing.publisher set epoch = epoch + 1, position = (select max(seq_id) from bank.mt_events) where name = $1",
            Sink.Name);
        await _bank.ExecuteAsync(
            "insert into publishing.blocked_account (publisher, account, position, event_id, event_type, cause, detail, since) "
                + "select $1, stream_id, seq_id, 'evt_1', type, 'no', 'by another host', now() from bank.mt_events where stream_id "
                + "= $2 and version = 2",
            Sink.Name,
            Guid.ParseExact(blocked[4..], "N"));
        (await _operator.PostAsync($"/ops/outbox/{Sink.Name}/release", Reason)).Ok();
        (await _teller.DepositAsync(blocked, "1.00")).Created();
        (await _teller.DepositAsync(free, "1.00")).Created();

        await ArrivedAsync(free, [1, 2]);
        Assert.Equal([1], _bank.Sink.VersionsOf(blocked));
        Assert.Equal(1, (await ResolveAsync("replay", blocked)).Json.GetProperty("asked").GetInt32());
        await ArrivedAsync(blocked, [1, 2, 3]);
    }

    [Fact]
    public async Task Wrong_asking_is_answered_and_changes_nothing()
    {
        await ArrivedAsync(await _teller.OpenAsync(), [1]);
        (await _operator.PostAsync("/ops/outbox/nowhere/hold", Reason)).IsProblem(404, "destination_not_found");
        (
            await _operator.PostAsync(
                $"/ops/outbox/{Sink.Name}/hold",
                new
                {
                    type = "banking.account.nothing.v1",
                    reasonCode = "test",
                    reason = "x",
                })).IsProblem(422, "unknown_type");
        (await _operator.PostAsync($"/ops/outbox/{Sink.Name}/hold", new { })).IsProblem(422, "reason_required");
        (
            await _operator.PostAsync(
                "/ops/dead-letters/replay",
                new
                {
                    account = "acc_1",
                    reasonCode = "test",
                    reason = "x",
                })).IsProblem(422, "malformed_account");
        (await _operator.GetAsync("/ops/dead-letters?account=x")).IsProblem(400, "malformed_filter");
        foreach (var name in (string[])["destination", "cause"])
        {
            foreach (var wrong in (string[])["", "%00"])
            {
                var filtered = await _operator.GetAsync($"/ops/dead-letters?{name}={wrong}");
                filtered.IsProblem(400, "malformed_filter");
                Assert.StartsWith(name + ": ", filtered.Text("detail"), StringComparison.Ordinal);
            }

            foreach (var release in (string[])["replay", "discard"])
            {
                var refused = await _operator.PostTextAsync(
                    "/ops/dead-letters/" + release, $$"""{"{{name}}":"\u0000","reasonCode":"test","reason":"x"}""");
                refused.IsProblem(422, "invalid_text");
                Assert.Equal("#/" + name, refused.Json.GetProperty("errors")[0].GetProperty("pointer").GetString());
            }
        }

        Assert.False((await DestinationAsync()).TryGetProperty("held", out _));
    }

    private Task<Answer> ResolveAsync(string how, string account) =>
        _operator.PostAsync($"/ops/dead-letters/{how}", new { account, reasonCode = "test", reason = "A test asks for it." });

    private async Task<IReadOnlyList<JsonElement>> DeadLettersAsync(string account) =>
        (await _operator.GetAsync($"/ops/dead-letters?destination={Sink.Name}&account={account}")).Ok().Items();

    private async Task<JsonElement> DestinationAsync() =>
        (await _operator.GetAsync("/ops/outbox")).Ok().Items().Single(d => d.GetProperty("name").GetString() == Sink.Name);

    private Task<string> ArrivedAsync(string account, long[] versions) =>
        Eventually.UntilAsync(() => string.Join(' ', _bank.Sink.VersionsOf(account)), text => text == string.Join(' ', versions));

    private async Task<string> PositionAsync() =>
        (await _bank.QueryAsync<long>("select max(seq_id) from bank.mt_events"))[0]
            .ToString(System.Globalization.CultureInfo.InvariantCulture);
}
