using System.Text.Json.Nodes;
using Banking.EventStore.Published;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.ReadModels.Verifying;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Loyalty.Tests;

/// <summary>A module added by the steps of docs/extending.md and one line of the host.</summary>
public sealed class LoyaltyTests(LoyaltyBank bank) : IClassFixture<LoyaltyBank>
{
    private const string Overview =
        "select coalesce(string_agg(id::text || ' ' || data::text, ' ' order by id), '') from loyalty.mt_doc_points_overview";

    [Fact]
    public async Task A_deposit_earns_a_point_for_each_whole_unit_and_points_are_redeemed_once_per_key()
    {
        var account = await bank.Teller.OpenAsync(balance: "12.99");
        Assert.Equal(12, await bank.PointsAsync(account, 12));

        var key = ("Idempotency-Key", BankClient.NewKey());
        var redeemed = (await bank.Teller.PostAsync($"/v1/loyalty/{account}/redemptions", new { points = 5 }, key)).Ok();
        var repeated = (await bank.Teller.PostAsync($"/v1/loyalty/{account}/redemptions", new { points = 5 }, key)).Ok();

        Assert.Equal("7", redeemed.Json.GetProperty("points").ToString());
        Assert.Equal(redeemed.Body, repeated.Body);
        Assert.Equal(7, await bank.PointsAsync(account, 7));
    }

    [Fact]
    public async Task A_repeat_after_its_answer_expired_gets_the_points_as_they_are_now()
    {
        var account = await bank.Teller.OpenAsync(balance: "20.00");
        Assert.Equal(20, await bank.PointsAsync(account, 20));
        var key = ("Idempotency-Key", BankClient.NewKey());
        (await bank.Teller.PostAsync($"/v1/loyalty/{account}/redemptions", new { points = 5 }, key)).Ok();
        (await bank.Teller.PostAsync(
            $"/v1/loyalty/{account}/redemptions", new { points = 1 }, ("Idempotency-Key", BankClient.NewKey()))).Ok();
        await bank.ExecuteAsync(
            "create table loyalty.kept as select * from platform.receipt_answer; delete from platform.receipt_answer");

        var repeated = (await bank.Teller.PostAsync($"/v1/loyalty/{account}/redemptions", new { points = 5 }, key)).Ok();

        // Another test verifies that each receipt has its answer.
        await bank.ExecuteAsync("insert into platform.receipt_answer select * from loyalty.kept; drop table loyalty.kept");
        Assert.Equal((account, "14"), (repeated.Text("account"), repeated.Json.GetProperty("points").ToString()));
    }

    [Fact]
    public void Its_streams_and_the_ids_in_its_events_have_public_ids()
    {
        var kind = Assert.Single(bank.Host.Services.GetServices<StreamKind>(), k => k.Type == "points");
        var stored = JsonNode.Parse("""{"account": "0198f000-0000-7000-8000-000000000001", "points": 1}""");

        Assert.Single(bank.Host.Services.GetServices<PublicStream>(), s => s.StreamType == kind.Type);
        Assert.Equal(
            "acc_0198f000000070008000000000000001",
            (string?)bank.Host.Services.GetRequiredService<PublicEventData>().Of("loyalty.points-earned.v1", stored)!["account"]);
    }

    [Fact]
    public async Task More_points_than_the_account_has_cannot_be_redeemed()
    {
        var account = await bank.Teller.OpenAsync(balance: "3.00");
        Assert.Equal(3, await bank.PointsAsync(account, 3));

        var refused = await bank.Teller.PostAsync(
            $"/v1/loyalty/{account}/redemptions", new { points = 4 }, ("Idempotency-Key", BankClient.NewKey()));
        var none = await bank.Teller.PostAsync(
            $"/v1/loyalty/{account}/redemptions", new { points = 0 }, ("Idempotency-Key", BankClient.NewKey()));

        Assert.Equal((422, "insufficient_points"), (refused.StatusCode, refused.Code));
        Assert.Equal((422, "points_not_positive"), (none.StatusCode, none.Code));
        Assert.Equal(3, await bank.PointsAsync(account, 3));
    }

    [Fact]
    public async Task A_deposit_that_is_delivered_again_earns_points_once()
    {
        var account = await bank.Teller.OpenAsync(balance: "8.00");
        Assert.Equal(8, await bank.PointsAsync(account, 8));
        await bank.HandledAsync();

        (await bank.As("operator").PostAsync(
            "/ops/outbox/modules/position", new { position = 0, reasonCode = "test", reason = "A test asks for it." })).Ok();
        await bank.HandledAsync();

        Assert.Equal(8, await bank.PointsAsync(account, 8));
    }

    [Fact]
    public async Task Another_module_that_handles_the_same_message_receives_it_too()
    {
        var account = await bank.Teller.OpenAsync();
        (await bank.Teller.PostAsync("/v1/notification-subscriptions", new { account })).Created();

        await bank.Teller.DepositAsync(account, "6.00");

        Assert.Equal(6, await bank.PointsAsync(account, 6));
        await bank.HandledAsync();
        Assert.Single((await bank.Teller.GetAsync($"/v1/notifications?account={account}")).Ok().Items());
        Assert.Equal(0, await bank.ScalarAsync<long>("select count(*) from wolverine.wolverine_dead_letters"));
    }

    [Fact]
    public async Task The_list_comes_from_an_asynchronous_projection_and_a_rebuild_gives_the_same_documents()
    {
        var account = await bank.Teller.OpenAsync(balance: "4.00");
        Assert.Equal(4, await bank.PointsAsync(account, 4));
        await bank.Teller.PostAsync($"/v1/loyalty/{account}/redemptions", new { points = 1 }, ("Idempotency-Key", BankClient.NewKey()));

        var listed = (await bank.As("operator").GetAsync("/v1/loyalty?limit=500", ("Prefer", "wait=20"))).Ok();

        var item = Assert.Single(listed.Items(), i => i.GetProperty("account").GetString() == account);
        Assert.Equal(("4", "1"), (item.GetProperty("earned").ToString(), item.GetProperty("redeemed").ToString()));
        Assert.Null(listed.Header("Ledger-Stale"));
        Assert.Equal(1, await bank.ScalarAsync<long>("select count(*) from bank.mt_event_progression where name like 'loyalty-points:%'"));

        await bank.HandledAsync();
        (await bank.As("operator").GetAsync("/v1/loyalty", ("Prefer", "wait=20"))).Ok();
        var before = await bank.ScalarAsync<string>(Overview);
        using var daemon = await bank.Store.BuildProjectionDaemonAsync();
        await daemon.RebuildProjectionAsync("loyalty-points", TestContext.Current.CancellationToken);
        Assert.Equal(before, await bank.ScalarAsync<string>(Overview));
    }

    [Fact]
    public async Task Verify_compares_the_streams_and_states_of_the_module_with_the_log()
    {
        var (account, other) = (await bank.Teller.OpenAsync(balance: "9.00"), await bank.Teller.OpenAsync(balance: "2.00"));
        Assert.Equal((9, 2), (await bank.PointsAsync(account, 9), await bank.PointsAsync(other, 2)));
        Assert.Empty(await DifferencesAsync());

        await bank.ExecuteAsync(
            "update loyalty.mt_doc_points_account set data = jsonb_set(data, '{lots,0,points}', '900') "
                + "where data -> 'lots' -> 0 ->> 'points' = '9'");
        var differences = await DifferencesAsync();
        await bank.ExecuteAsync(
            "update loyalty.mt_doc_points_account set data = jsonb_set(data, '{lots,0,points}', '9') "
                + "where data -> 'lots' -> 0 ->> 'points' = '900'");

        Assert.Equal("points", Assert.Single(differences).Model);
    }

    [Fact]
    public async Task Points_expire_after_a_year_and_the_oldest_are_redeemed_first()
    {
        await using var own = new LoyaltyBank();
        await own.InitializeAsync();
        var account = await own.Teller.OpenAsync(balance: "10.00");
        Assert.Equal(10, await own.PointsAsync(account, 10));
        own.Clock.Advance(TimeSpan.FromDays(100));
        (await own.Teller.DepositAsync(account, "7.00")).Created();
        Assert.Equal(17, await own.PointsAsync(account, 17));
        (
            await own.Teller.PostAsync($"/v1/loyalty/{account}/redemptions", new { points = 4 }, ("Idempotency-Key", BankClient.NewKey()))
        ).Ok();

        own.Clock.Advance(TimeSpan.FromDays(265));
        Assert.Equal(7, await own.PointsAsync(account, 7));
        own.Clock.Advance(TimeSpan.FromDays(100));
        Assert.Equal(0, await own.PointsAsync(account, 0));

        Assert.Equal(
            "6 7",
            await own.ScalarAsync<string>(
                "select string_agg(data ->> 'points', ' ' order by seq_id) from bank.mt_events where type = 'loyalty.points-expired.v1'"));
        Assert.Equal(0, await own.ScalarAsync<long>("select count(*) from platform.due"));
    }

    [Fact]
    public async Task Redeemed_points_do_not_expire()
    {
        await using var own = new LoyaltyBank();
        await own.InitializeAsync();
        var account = await own.Teller.OpenAsync(balance: "3.00");
        Assert.Equal(3, await own.PointsAsync(account, 3));
        (
            await own.Teller.PostAsync($"/v1/loyalty/{account}/redemptions", new { points = 3 }, ("Idempotency-Key", BankClient.NewKey()))
        ).Ok();

        own.Clock.Advance(TimeSpan.FromDays(366));
        Assert.Equal(0, await own.DueAsync(0));

        Assert.Equal(0, await own.ScalarAsync<long>("select count(*) from bank.mt_events where type = 'loyalty.points-expired.v1'"));
        Assert.Equal(0, await own.PointsAsync(account, 0));
    }

    [Fact]
    public async Task A_customer_sees_and_redeems_the_points_of_their_own_accounts_only()
    {
        var (ada, eve) = (await bank.Teller.RegisterAsync(), await bank.Teller.RegisterAsync("Eve"));
        var account = await bank.Teller.OpenAsync(ada, balance: "5.00");
        Assert.Equal(5, await bank.PointsAsync(account, 5));

        Assert.Equal(5, (await bank.As("customer", ada).GetAsync($"/v1/loyalty/{account}")).Ok().Json.GetProperty("points").GetInt64());
        Assert.Equal("points_not_found", (await bank.As("customer", eve).GetAsync($"/v1/loyalty/{account}")).Code);
        var refused = await bank.As("customer", eve)
            .PostAsync($"/v1/loyalty/{account}/redemptions", new { points = 1 }, ("Idempotency-Key", BankClient.NewKey()));
        Assert.Equal((404, "points_not_found"), (refused.StatusCode, refused.Code));
    }

    private async Task<IReadOnlyList<Difference>> DifferencesAsync() =>
        (
            await bank.Host.Services.GetRequiredService<Verification>().RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None)
        ).Differences;
}

/// <summary>The product's host does not have the module.</summary>
public sealed class WithoutLoyaltyTests(BankFixture bank) : IClassFixture<BankFixture>
{
    [Fact]
    public async Task The_products_host_has_no_loyalty_endpoints() =>
        Assert.Equal(404, (await bank.As("operator").GetAsync("/v1/loyalty")).StatusCode);
}
