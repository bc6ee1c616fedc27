using Banking.Accounts.Domain;
using Banking.EventStore.Log;
using Banking.ReadModels.Verifying;
using Banking.SharedKernel;
using Banking.Testing;
using JasperFx.Events;
using Marten;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>
/// Every reader upcasts an event that an earlier version of the bank stored under another name and in another shape.
/// </summary>
public sealed class OlderEventTests(OlderEventTests.OlderBank bank) : IClassFixture<OlderEventTests.OlderBank>
{
    private const string Today = "accounts.overdraft-limit-set.v1";
    private const string Earlier = "accounts.overdraft-limit-set.v0";

    private const string Documents =
        "select data::text from accounts.mt_doc_account_directory union all "
        + "select data::text from accounts.mt_doc_customer_overview order by 1";

    [Fact]
    public async Task Every_reader_upcasts_an_earlier_version_of_an_event()
    {
        var teller = bank.As("teller");
        var account = await teller.OpenAsync(balance: "10.00");
        var limit = new { limit = "50.00", reasonCode = "asked", reason = "asked for" };
        (await teller.PostAsync($"/v1/accounts/{account}/overdraft-limit", limit)).Ok();
        await bank.CaughtUpAsync();
        await bank.DocumentsCurrentAsync();
        var documents = await bank.QueryAsync<string>(Documents);

        await RewriteAsEarlierVersionAsync();
        // A new host without caches and no stored state: the account is folded from its events.
        await using var host = await bank.StartAnotherAsync();
        teller = BankFixture.On(host, "teller");

        Assert.Equal("50.00", (await teller.GetAsync($"/v1/accounts/{account}")).Ok().Text("overdraftLimit", "value"));
        (await teller.WithdrawAsync(account, "60.00")).Created();
        Assert.Equal("insufficient_funds", (await teller.WithdrawAsync(account, "0.01")).Code);
        Assert.Contains(Earlier, (await teller.GetAsync($"/v1/accounts/{account}/events")).Ok().Body, StringComparison.Ordinal);
        Assert.Contains(
            "banking.account.overdraft-limit-changed.v1",
            (await BankFixture.On(host, "operator").GetAsync("/v1/feed?limit=500")).Ok().Body,
            StringComparison.Ordinal);
        Assert.Equal(
            await ByMartenAsync(),
            (await host.Services.GetRequiredService<LogReader>().ReadAsync(0, await EndAsync(), CancellationToken.None))
                .Events.Select(Columns));

        // Only the audit index differs: it has the type that was stored before this test rewrote the event.
        var verified = await host.Services.GetRequiredService<Verification>().RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None);
        Assert.All(verified.Differences, d => Assert.Equal("audit", d.Model));

        using var daemon = await bank.Store.BuildProjectionDaemonAsync();
        foreach (var model in (string[])["account-directory", "customer-overview"])
        {
            await daemon.RebuildProjectionAsync(model, TestContext.Current.CancellationToken);
        }

        Assert.Equal(documents, await bank.QueryAsync<string>(Documents));
    }

    private async Task RewriteAsEarlierVersionAsync()
    {
        await bank.ForgeAsync(
            $"""
            update bank.mt_events set type = '{Earlier}', data = jsonb_build_object(
                'minor', data -> 'limit' -> 'minor', 'currency', data -> 'limit' -> 'currency',
                'scale', data -> 'limit' -> 'scale', 'effectiveAt', data -> 'effectiveAt')
            where type = '{Today}'
            """);
        await bank.ForgeAsync("delete from accounts.mt_doc_account");
        Assert.Equal(1, (await bank.QueryAsync<long>($"select count(*) from bank.mt_events where type = '{Earlier}'"))[0]);
    }

    private async Task<long> EndAsync() => (await bank.QueryAsync<long>("select max(seq_id) from bank.mt_events"))[0];

    private async Task<IEnumerable<object>> ByMartenAsync()
    {
        await using var session = bank.Store.QuerySession();
        return (await session.Events.QueryAllRawEvents().OrderBy(e => e.Sequence).ToListAsync()).Select(Columns);
    }

    private object Columns(IEvent e) => (e.Sequence, e.Id, e.EventTypeName, e.EventType, bank.Store.Options.Serializer().ToJson(e.Data));

    /// <summary>The event as an earlier version stored it.</summary>
    public sealed record EarlierLimit(long Minor, string Currency, int Scale, DateTimeOffset EffectiveAt);

    public sealed class OlderBank : BankFixture
    {
        protected override void Configure(IServiceCollection services) =>
            services.ConfigureMarten(store =>
                store.Events.Upcast<EarlierLimit, OverdraftLimitSet>(Earlier, e =>
                    new(new Money(e.Minor, Currency.FromStored(e.Currency, e.Scale)), e.EffectiveAt)));
    }
}
