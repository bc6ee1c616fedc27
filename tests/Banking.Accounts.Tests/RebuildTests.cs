using Banking.Accounts.Domain;
using Banking.Host.Hosting;
using Banking.Testing;
using Marten;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Accounts.Tests;

/// <summary>Marten's daemon reads the events that our statement appended, and rebuilds the documents that were stored.</summary>
public sealed class RebuildTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_rebuild_gives_the_documents_that_were_stored_with_the_events()
    {
        await AddHistoryAsync();
        var before = await DocumentsAsync();

        // Marten's rebuild truncates the table of states, which only the owner's role may do.
        await using var owner = BankHost
            .CreateBuilder(["--environment", "Development"], new(TestCluster.Owner(bank.ConnectionString)))
            .Build();
        using var daemon = await owner.Services.GetRequiredService<IDocumentStore>().BuildProjectionDaemonAsync();
        await daemon.RebuildProjectionAsync<AccountProjection>(Timeout, CancellationToken.None);
        // By name, because this project does not reference the module of the type.
        await daemon.RebuildProjectionAsync("Customer", Timeout, CancellationToken.None);

        Assert.Equal(before, await DocumentsAsync());
    }

    [Fact]
    public async Task The_high_water_mark_reaches_the_last_event_and_the_counts_agree()
    {
        await AddHistoryAsync();
        var last = (await bank.QueryAsync<long>("select max(seq_id) from bank.mt_events"))[0];

        using var daemon = await bank.Store.BuildProjectionDaemonAsync();
        await daemon.StartAllAsync();
        await daemon.Tracker.WaitForHighWaterMark(last, Timeout);
        await daemon.StopAllAsync();

        var statistics = await bank.Store.Advanced.FetchEventStoreStatistics();
        Assert.Equal((await bank.QueryAsync<long>("select count(*) from bank.mt_events"))[0], statistics.EventCount);
        Assert.Equal((await bank.QueryAsync<long>("select count(*) from bank.mt_streams"))[0], statistics.StreamCount);
        Assert.Equal(last, statistics.EventSequenceNumber);
        Assert.Equal(last, daemon.Tracker.HighWaterMark);
    }

    /// <summary>Adds accounts with every kind of event, some of them stored by one group.</summary>
    private async Task AddHistoryAsync()
    {
        var teller = bank.As("teller");
        var (a, b) = (await teller.OpenAsync(balance: "500.00", overdraftLimit: "50.00"), await teller.OpenAsync(balance: "500.00"));
        await teller.OpenAsync(currency: "JPY", balance: "1000");
        await Task.WhenAll(
            Enumerable.Range(0, 40).Select(i => i % 2 == 0 ? teller.TransferAsync(a, b, "1.00") : teller.TransferAsync(b, a, "1.00")));
        Assert.Equal(422, (await teller.TransferAsync(a, b, "5000.00")).StatusCode);
        bank.Clock.Advance(TimeSpan.FromMilliseconds(0.001));
        (await teller.PostAsync($"/v1/accounts/{b}/freeze", new { scope = "debit", reasonCode = "order", reason = "Order 17" })).Ok();
        var closed = await teller.OpenAsync();
        (await teller.PostAsync($"/v1/accounts/{closed}/close", new { reasonCode = "wish", reason = "By letter" })).Ok();
    }

    private Task<List<string>> DocumentsAsync() => bank.QueryAsync<string>(
        "select concat_ws(' ', 'account', id, mt_version, data) from accounts.mt_doc_account " +
        "union all select concat_ws(' ', 'customer', id, mt_version, data) from customers.mt_doc_customer order by 1");
}
