using System.Globalization;
using Banking.Testing;

namespace Banking.Publishing.Tests;

/// <summary>Content and order of webhook deliveries, whatever the endpoint answers.</summary>
public sealed class WebhookDeliveryTests(WebhookBank bank) : IClassFixture<WebhookBank>
{
    private static readonly object Reason = new { reasonCode = "fixed", reason = "Ada has repaired it" };

    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task A_delivery_is_a_cloud_event_that_its_receiver_can_verify()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var account = await _teller.OpenAsync();
        var webhook = await bank.RegisterWebhookAsync(receiver.Url, accounts: [account], from: "beginning");
        await receiver.TookAsync(1);

        var delivery = receiver.Taken[0];
        var secret = Assert.Single(await bank.SecretsAsync(webhook));
        Assert.True(delivery.IsSignedWith(secret));
        Assert.Equal("application/cloudevents+json", delivery.ContentType);
        Assert.Equal(
            (delivery.Event.GetProperty("id").GetString(), account, "banking.account.account-opened.v1"),
            (delivery.Id, delivery.Account, delivery.Type));
        Assert.Equal(bank.Clock.Now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), delivery.Timestamp);
    }

    [Fact]
    public async Task It_gets_what_its_filter_lets_through_from_now_on()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        string[] accounts = [await _teller.OpenAsync(balance: "1.00"), await _teller.OpenAsync(balance: "1.00")];
        var position = (await _teller.DepositAsync(accounts[0], "2.00")).Created().Header("Ledger-Position")!;
        await WebhookSteps.UntilAsync(
            async () => (await bank.As("operator").GetAsync("/ops/outbox")).Ok().Json.GetProperty("position").GetInt64(),
            p => p >= long.Parse(position, CultureInfo.InvariantCulture));
        await bank.RegisterWebhookAsync(receiver.Url, ["banking.account.money-deposited.v1"], [accounts[0]]);
        await _teller.WithdrawAsync(accounts[0], "0.50");
        await _teller.DepositAsync(accounts[1], "3.00");
        await _teller.DepositAsync(accounts[0], "4.00");
        await receiver.TookAsync(1);

        var delivery = Assert.Single(receiver.All);
        Assert.Equal("4.00", delivery.Event.GetProperty("data").GetProperty("amount").GetProperty("value").GetString());
    }

    [Fact]
    public async Task An_endpoint_that_is_unwell_gets_everything_once_it_is_well_and_each_account_in_order()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var requests = 0;
        // The endpoint alternately accepts and fails. Events accepted before a failure must not stop later progress.
        receiver.Answer = _ => Interlocked.Increment(ref requests) % 5 == 0 ? 503 : 200;
        string[] accounts = [await _teller.OpenAsync(), await _teller.OpenAsync(), await _teller.OpenAsync()];
        await bank.RegisterWebhookAsync(receiver.Url, ["banking.account.money-deposited.v1"], accounts);
        for (var i = 0; i < 30; i++)
        {
            (await _teller.DepositAsync(accounts[i % 3], "1.00")).Created();
        }

        await receiver.TookAsync(30);
        Assert.All(accounts, a =>
        {
            var first = receiver.All.Where(d => d.Account == a).DistinctBy(d => d.Id).Select(d => d.Position).ToList();
            Assert.Equal(10, first.Count);
            Assert.Equal(first.Order(), first);
        });
    }

    [Fact]
    public async Task An_event_that_is_not_taken_makes_its_account_wait_and_no_other()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        string[] accounts = [await _teller.OpenAsync(), await _teller.OpenAsync()];
        var refuses = true;
        receiver.Answer = d => refuses && d.Account == accounts[0] ? 400 : 200;
        var webhook = await bank.RegisterWebhookAsync(receiver.Url, ["banking.account.money-deposited.v1"], accounts);
        for (var i = 0; i < 3; i++)
        {
            await _teller.DepositAsync(accounts[0], "1.00");
            await _teller.DepositAsync(accounts[1], "1.00");
        }

        await receiver.TookAsync(3);
        Assert.All(receiver.Taken, d => Assert.Equal(accounts[1], d.Account));
        var letter = (
            await WebhookSteps.UntilAsync(
                async () => (await bank.As("operator").GetAsync($"/ops/dead-letters?account={accounts[0]}")).Ok().Items(),
                items => items.Count == 1))[0];
        Assert.Equal(
            ($"webhook:{webhook}", "answered 400", "No, thank you."),
            (
                letter.GetProperty("destination").GetString(),
                letter.GetProperty("cause").GetString(),
                letter.GetProperty("detail").GetString()));
        Assert.Single(receiver.All.Where(d => d.Account == accounts[0]).DistinctBy(d => d.Id));
        Assert.Equal(3, receiver.All.Count(d => d.Account == accounts[0]));

        refuses = false;
        Assert.Equal(
            202,
            (
                await bank.AskAsync(
                    "/ops/dead-letters/replay",
                    new
                    {
                        account = accounts[0],
                        reasonCode = "fixed",
                        reason = "It takes them now",
                    })).StatusCode);
        await receiver.TookAsync(6);
        var late = receiver.Taken.Where(d => d.Account == accounts[0]).Select(d => d.Position).ToList();
        Assert.Equal(late.Order(), late);
        Assert.Equal(letter.GetProperty("position").GetInt64(), late[0]);
    }

    [Fact]
    public async Task A_discarded_event_is_passed_over_and_what_waits_behind_it_follows()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var account = await _teller.OpenAsync();
        string? refused = null;
        receiver.Answer = d => d.Id == (refused ??= d.Id) ? 422 : 200;
        await bank.RegisterWebhookAsync(receiver.Url, ["banking.account.money-deposited.v1"], [account]);
        for (var i = 0; i < 3; i++)
        {
            await _teller.DepositAsync(account, "1.00");
        }

        await WebhookSteps.UntilAsync(
            async () => (await bank.As("operator").GetAsync($"/ops/dead-letters?account={account}")).Ok().Items(),
            items => items.Count == 1);
        Assert.Equal(
            202,
            (
                await bank.AskAsync(
                    "/ops/dead-letters/discard",
                    new
                    {
                        account,
                        reasonCode = "unwanted",
                        reason = "They will not have it",
                    })).StatusCode);
        await receiver.TookAsync(2);
        Assert.DoesNotContain(receiver.Taken, d => d.Id == refused);
        Assert.Equal(receiver.Taken.Select(d => d.Position).Order(), receiver.Taken.Select(d => d.Position));
    }

    [Fact]
    public async Task A_rejected_event_of_a_proposal_is_listed_and_replayed_by_the_id_of_the_proposal()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var refuses = true;
        receiver.Answer = _ => refuses ? 422 : 200;
        var deposit = (await _teller.DepositAsync(await _teller.OpenAsync(), "5.00")).Created().Text("id");
        var webhook = await bank.RegisterWebhookAsync(receiver.Url, ["banking.proposal.command-proposed.v1"]);
        var proposed = await _teller.PostAsync(
            $"/v1/transactions/{deposit}/corrections?propose=true",
            new { kind = "reversal", reasonCode = "twice", reason = "Paid twice." });
        Assert.Equal(202, proposed.StatusCode);

        var proposal = proposed.Text("id");
        var letter = (await Eventually.UntilAsync(
            async () => (await bank.As("operator").GetAsync($"/ops/dead-letters?account={proposal}")).Ok().Items(), i => i.Count == 1))[0];
        Assert.Equal((proposal, $"webhook:{webhook}"), (letter.Text("account"), letter.Text("destination")));

        refuses = false;
        var asked = await bank.AskAsync("/ops/dead-letters/replay", new { account = proposal, reasonCode = "fixed", reason = "A test." });
        Assert.Equal((202, proposal), (asked.StatusCode, asked.Items()[0].Text("account")));
        await receiver.TookAsync(1);
        Assert.Equal(proposal, receiver.Taken[0].Account);
    }

    [Theory]
    [InlineData(500, WebhookBank.Attempts)]
    [InlineData(302, WebhookBank.Attempts)]
    [InlineData(410, 1)]
    public async Task An_endpoint_that_fails_too_often_or_is_gone_is_left_alone_until_an_operator_releases_it(int status, int attempts)
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answer = _ => status;
        var account = await _teller.OpenAsync();
        var webhook = await bank.RegisterWebhookAsync(receiver.Url, ["banking.account.money-deposited.v1"], [account]);
        await _teller.DepositAsync(account, "1.00");
        var view = await bank.PausedAsync(webhook, isPaused: true);
        Assert.Contains($"answered {status}", view, StringComparison.Ordinal);
        Assert.Equal(attempts, receiver.All.Count);

        receiver.Answer = _ => 200;
        (await bank.AskAsync($"/ops/outbox/webhook:{webhook}/release", Reason)).Ok();
        await receiver.TookAsync(1);
        await WebhookSteps.UntilAsync(
            async () => (await bank.As("operator").GetAsync($"/v1/webhooks/{webhook}")).Ok().Body,
            body => !body.Contains("\"held\"", StringComparison.Ordinal) && !body.Contains("\"lastError\"", StringComparison.Ordinal));
    }
}
