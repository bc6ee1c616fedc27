using Banking.Commands.Operators;
using Banking.Publishing.Publishers;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Publishing.Tests;

/// <summary>An operator releases all webhooks that are paused for the same reason by one request.</summary>
public sealed class WebhookReleaseTests(WebhookBank bank) : IClassFixture<WebhookBank>
{
    private const string Release = "/ops/webhooks/release";

    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task Webhooks_paused_for_the_reason_are_released_and_those_beyond_the_position_deliver_again()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var account = await _teller.OpenAsync();
        var start = await EndAsync();
        var (first, second, other) = (await RegisterAsync(account), await RegisterAsync(account), await RegisterAsync(account));
        (await _teller.DepositAsync(account, "1.00")).Created();
        await Eventually.UntilAsync(
            () => bank.QueryAsync<long>("select count(*) from publishing.publisher where kind = 'webhook' and delivered = 1"),
            n => n[0] == 3);
        foreach (var (webhook, reason) in new[] { (first, "same"), (second, "same"), (other, "another") })
        {
            (await bank.AskAsync($"/ops/outbox/webhook:{webhook}/hold", new { reasonCode = "test", reason })).Ok();
        }

        (await _teller.DepositAsync(account, "2.00")).Created();

        var released = (await bank.AskAsync(
            Release, new { heldReason = "same", position = start, reasonCode = "readers-ready", reason = "All readers agreed." })).Ok();

        Assert.Equal((2, 2), (released.Json.GetProperty("released").GetInt32(), released.Json.GetProperty("set").GetInt32()));
        Assert.Equal(
            new[] { $"webhook:{first}", $"webhook:{second}" }.Order(), released.Items().Select(i => i.GetString()!).Order());
        // Both get the first deposit a second time, and then the one that waited.
        await Eventually.UntilAsync(() => receiver.All.Count(d => Value(d) == "1.00"), n => n == 5);
        await Eventually.UntilAsync(() => receiver.All.Count(d => Value(d) == "2.00"), n => n == 2);
        await bank.PausedAsync(other, true);
        Assert.Equal(
            [
                "destination-held same test",
                "destination-set All readers agreed. readers-ready",
                "destination-released All readers agreed. readers-ready",
            ],
            await RecordedAsync(first));

        async Task<string> RegisterAsync(string of) => await bank.RegisterWebhookAsync(
            receiver.Url, types: ["banking.account.money-deposited.v1"], accounts: [of]);
    }

    [Fact]
    public async Task More_destinations_than_one_transaction_releases_are_all_released()
    {
        await _teller.OpenAsync();
        var end = await EndAsync();
        await ExecuteAsync(
            "insert into publishing.publisher (name, kind, position, start_position, held_at, held_by, held_reason, updated_at) "
                + "select 'forged:' || n, 'forged', $1 - n % 2, 0, now(), 'bank', 'same', now() from generate_series(1, 5) n",
            end);

        var released = await bank.Host.Services.GetRequiredService<PublisherControl>().ReleaseAllAsync(
            "forged", "same", end - 1, OperatorAction.OfTheBank("a test", "publishing"), TestContext.Current.CancellationToken,
            groupSize: 2);

        Assert.Equal(
            [("forged:1", false), ("forged:2", true), ("forged:3", false), ("forged:4", true), ("forged:5", false)],
            released.Select(r => (r.Name, r.IsSet)));
        Assert.Equal(
            [0L], await bank.QueryAsync<long>("select count(*) from publishing.publisher where kind = 'forged' and held_at is not null"));
        Assert.Equal(
            [5L], await bank.QueryAsync<long>(
                "select count(*) from bank.mt_events where type = 'publishing.destination-released.v1' "
                    + "and data ->> 'destination' like 'forged:%'"));
        // Each stream is complete, with the position before the release.
        Assert.Equal(
            ["1 forged:1 1", "2 forged:2 1", "3 forged:2 2", "4 forged:3 1", "5 forged:4 1", "6 forged:4 2", "7 forged:5 1"],
            await bank.QueryAsync<string>(
                "select concat_ws(' ', row_number() over (order by e.seq_id), e.data ->> 'destination', e.version) from bank.mt_events e "
                    + "join bank.mt_streams s on s.id = e.stream_id and s.type = 'destination' "
                    + "where e.data ->> 'destination' like 'forged:%' order by e.seq_id"));
    }

    [Fact]
    public async Task A_release_without_a_paused_webhook_and_malformed_requests_are_refused()
    {
        (await AskAsync(new { heldReason = "nothing", reasonCode = "test", reason = "x" })).IsProblem(409, "not_held");
        (await AskAsync(new { heldReason = "a", position = -1, reasonCode = "test", reason = "x" })).IsProblem(422, "malformed_position");
        (await AskAsync(new { heldReason = "a", position = long.MaxValue, reasonCode = "test", reason = "x" }))
            .IsProblem(416, "position_beyond_end");
        (await AskAsync(new { heldReason = "two\nlines", reasonCode = "test", reason = "x" })).IsProblem(422, "invalid_text");
        (await AskAsync(new { heldReason = "", reasonCode = "test", reason = "x" })).IsProblem(422, "invalid_text");
        (await AskAsync(new { heldReason = "a", reasonCode = "test" })).IsProblem(422, "reason_required");

        Task<Answer> AskAsync(object body) => bank.AskAsync(Release, body);
    }

    private static string? Value(Delivery delivery) =>
        delivery.Event.GetProperty("data").GetProperty("amount").GetProperty("value").GetString();

    /// <summary>What operators did to a webhook, with reason and code.</summary>
    private async Task<IReadOnlyList<string>> RecordedAsync(string webhook) => await bank.QueryAsync<string>(
        "select concat_ws(' ', split_part(type, '.', 2), headers ->> 'reasonText', headers ->> 'reasonCode') "
            + "from bank.mt_events where type like 'publishing.destination-%' and data ->> 'destination' = $1 order by seq_id",
        $"webhook:{webhook}");

    private async Task<long> EndAsync() => (await bank.QueryAsync<long>("select max(seq_id) from bank.mt_events"))[0];

    private async Task ExecuteAsync(string sql, long value)
    {
        await using var command = bank.Owner.CreateCommand(sql);
        command.Parameters.Add(new() { Value = value });
        await Deadlocks.RetryAsync(() => command.ExecuteNonQueryAsync());
    }
}
