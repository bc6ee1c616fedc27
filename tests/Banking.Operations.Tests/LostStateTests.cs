using Banking.EventStore.Streams;
using Banking.ReadModels.Verifying;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>A stored state is a cache: without it, answers come from the log.</summary>
public sealed class LostStateTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task An_account_with_a_lost_state_is_read_listed_and_usable()
    {
        var lost = await new Forgery(bank).CreateAsync();
        var customer = PublicId.Format("cus", lost.Customer);
        var second = await _teller.OpenAsync(customer, balance: "1.00");
        string[] paths =
        [
            .. new[] { "", "/balance", "/entries", "/events", "/refusals", "/figures" }.Select(p => $"/v1/accounts/{lost.AccountId}{p}"),
        ];
        Task<Answer[]> ReadAsync() => Task.WhenAll(paths.Select(p => _teller.GetAsync(p)));
        string[] lists =
        [
            "/v1/accounts?limit=500",
            $"/v1/accounts?customerId={customer}",
            $"/v1/accounts?customerId={customer}&status=open",
            $"/v1/accounts?customerId={customer}&limit=1",
            "/v1/accounts?currency=EUR&limit=500",
        ];
        async Task<string[]> ListedAsync() => [.. (await Task.WhenAll(lists.Select(l => _teller.GetAsync(l)))).Select(a => a.Ok().Body)];
        var (read, listed) = (await ReadAsync(), await ListedAsync());
        var owned = (await bank.As("customer", customer).GetAsync("/v1/accounts")).Ok();
        Assert.Equal(2, owned.Items().Count);

        await lost.ForgeAsync("delete from accounts.mt_doc_account where id = {account}");

        foreach (var (before, after) in read.Zip(await ReadAsync()))
        {
            Assert.Equal(before.Ok().Text(before.Members()[0]), after.Ok().Text(before.Members()[0]));
        }

        Assert.Equal(listed, await ListedAsync());
        Assert.Equal(owned.Body, (await bank.As("customer", customer).GetAsync("/v1/accounts")).Ok().Body);
        Assert.Empty((await _teller.GetAsync($"/v1/accounts?customerId={customer}&status=closed")).Ok().Items());
        (
            await _teller.PostAsync(
                "/v1/withdrawals",
                new
                {
                    accountId = lost.AccountId,
                    amount = new { value = "1.00", currency = "EUR" },
                    reason = "Cash",
                })).Created();
        Assert.Equal("12.00", await _teller.BalanceAsync(lost.AccountId));
        Assert.Equal("1.00", await _teller.BalanceAsync(second));
    }

    [Fact]
    public async Task A_state_behind_its_stream_is_not_used_for_answers()
    {
        var account = await new Forgery(bank).CreateAsync();

        await account.ForgeAsync(
            "update accounts.mt_doc_account set data = jsonb_set(jsonb_set(data, '{version}', '2'), '{balance,minor}', '1000') "
                + "where id = {account}");

        Assert.Equal("13.00", await _teller.BalanceAsync(account.AccountId));
    }

    [Fact]
    public async Task A_customer_and_a_subscription_with_lost_states_are_read_and_listed()
    {
        var lost = await new Forgery(bank).CreateAsync();
        var customer = PublicId.Format("cus", lost.Customer);
        (await _teller.PostAsync("/v1/notification-subscriptions", new { account = lost.AccountId })).Created();
        string[] paths =
        [
            $"/v1/customers/{customer}",
            "/v1/customers?limit=500",
            $"/v1/notification-subscriptions?account={lost.AccountId}",
        ];
        async Task<string[]> ReadAsync() => [.. (await Task.WhenAll(paths.Select(l => _teller.GetAsync(l)))).Select(a => a.Ok().Body)];
        var before = await ReadAsync();

        await lost.ForgeAsync(
            "delete from customers.mt_doc_customer where id = {customer}; "
                + "delete from notifications.mt_doc_subscription where data ->> 'account' = {account}");

        Assert.Equal(before, await ReadAsync());
    }

    [Fact]
    public async Task In_a_large_bank_a_list_checks_few_streams_and_shows_lost_states_that_the_sentinel_found()
    {
        await using var large = new LargeBank();
        await large.InitializeAsync();
        var teller = large.As("teller");
        // Streams without events, and so without states.
        await large.ForgeAsync(
            """
            insert into bank.mt_streams (id, type, version)
            select ('00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid,
                case when i <= 10 then 'account' when i = 4000 then 'webhook' else 'refusal' end, 1
            from generate_series(1, 5000) i;
            analyze bank.mt_streams;
            """);
        var lost = await new Forgery(large).CreateAsync();
        string[] paths = ["/v1/customers?limit=1", "/v1/customers?limit=500"];
        async Task<string[]> ReadAsync() => [.. (await Task.WhenAll(paths.Select(p => teller.GetAsync(p)))).Select(a => a.Ok().Body)];
        var before = await ReadAsync();

        await lost.ForgeAsync("delete from customers.mt_doc_customer where id = {customer}");
        Assert.All((await ReadAsync()).Zip(before), list => Assert.NotEqual(list.Second, list.First));
        await large.Host.Services.GetRequiredService<Sentinel>().RunAsync(CancellationToken.None);

        Assert.Equal(before, await ReadAsync());
        Assert.Empty((await large.As("operator").GetAsync("/v1/webhooks")).Ok().Items());
    }

    [Fact]
    public async Task Streams_of_a_rare_kind_are_found_by_an_index_of_their_own()
    {
        await using var large = new LargeBank();
        await large.InitializeAsync();
        await large.ForgeAsync(
            "insert into bank.mt_streams (id, type, version) select gen_random_uuid(), 'refusal', 1 from generate_series(1, 20000); "
                + "analyze bank.mt_streams");

        foreach (var kind in (string[])["webhook", "subscription"])
        {
            var plan = string.Join(
                '\n',
                await large.QueryAsync<string>(
                    $"explain select d.id from bank.mt_streams d where d.type = '{kind}' and not d.is_archived and d.id > $1 "
                        + "order by d.id limit 2000",
                    Guid.Empty));
            var index = (
                await large.QueryAsync<string>(
                    $"select i.inhrelid::regclass::text from pg_inherits i where i.inhparent = 'bank.{StreamIndex.NameOf(kind)}'::regclass")
            ).Select(n => n.Split('.')[^1]);
            Assert.Contains(index, name => plan.Contains(name, StringComparison.Ordinal));
        }
    }
}

/// <summary>A bank whose sentinel checks only when a test calls it.</summary>
public sealed class LargeBank : BankFixture
{
    protected override string[] Settings =>
        [.. base.Settings, "--Banking:Sentinel:IntervalSeconds", "3600", "--Banking:BackdatingDays", "60"];
}
