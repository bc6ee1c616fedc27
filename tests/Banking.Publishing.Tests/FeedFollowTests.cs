using System.Diagnostics.Metrics;
using System.Globalization;
using Banking.Host.Security;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Publishing.Tests;

/// <summary>The feed as server-sent events sends newly committed events until the client disconnects, and then stops.</summary>
public sealed class FeedFollowTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private static readonly TimeSpan MaxStopTime = TimeSpan.FromSeconds(10);

    private readonly BankClient _teller = bank.As("teller");
    private readonly Feed _feed = new(bank);

    [Fact]
    public async Task What_is_committed_later_comes_by_itself_in_the_bytes_of_the_pages()
    {
        var account = await _teller.OpenAsync();
        var end = (await _feed.CompleteAsync()).ToString(CultureInfo.InvariantCulture);
        await using var following = await Following.StartAsync(bank, "?after=" + end);
        for (var i = 0; i < 3; i++)
        {
            (await _teller.DepositAsync(account, "1.00")).Created();
            await ReceivedAsync(following, i + 1);
        }

        var page = await _feed.PageAsync(end);
        Assert.Equal(page.Items.Select(e => e.GetRawText()), following.Heard.Select(e => e.Data));
        Assert.Equal(page.Items.Select(e => e.Text("type")), following.Heard.Select(e => e.EventType));
        Assert.Equal(page.Items.Select(e => $"{e.Text("epoch")}:{e.Text("globalposition")}"), following.Heard.Select(e => e.EventId));
    }

    [Fact]
    public async Task Who_comes_back_with_Last_Event_ID_hears_exactly_what_follows_it()
    {
        var account = await _teller.OpenAsync(balance: "1.00");
        (await _teller.DepositAsync(account, "1.00")).Created();
        var all = await _feed.AllAsync();
        await using (var first = await Following.StartAsync(bank, "?after=0"))
        {
            await ReceivedAsync(first, all.Count);
            Assert.Equal(all.Select(e => e.Text("id")), first.Ids);
        }

        (await _teller.DepositAsync(account, "1.00")).Created();
        await using var again = await Following.StartAsync(bank, "?after=0", lastEventId: all[^3].Text("globalposition"));
        await ReceivedAsync(again, 3);

        Assert.Equal((await _feed.AllAsync()).TakeLast(3).Select(e => e.Text("id")), again.Ids);
    }

    [Fact]
    public async Task A_stream_ends_with_its_token_and_continues_with_another()
    {
        var account = await _teller.OpenAsync();
        var end = (await _feed.CompleteAsync()).ToString(CultureInfo.InvariantCulture);
        // Tokens are valid for an hour, and for the thirty seconds by which clocks may differ.
        var late = TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(1) - TimeSpan.FromSeconds(24);
        var token = bank.Host.Services.GetRequiredService<DevTokens>().Issue("auditor", null, null, late);
        await using var following = await Following.StartAsync(bank.Host.Server.CreateClient(), token, "?after=" + end);

        await Eventually.UntilAsync(() => following.IsOver, isOver => isOver);

        Assert.Null(following.Failure);
        Assert.Equal(401, (await bank.WithToken(token).GetAsync("/v1/feed", ("Accept", "text/event-stream"))).StatusCode);
        (await _teller.DepositAsync(account, "2.00")).Created();
        await using var again = await Following.StartAsync(bank, "?after=" + end);
        await ReceivedAsync(again, 1);
    }

    [Fact]
    public async Task A_long_log_is_followed_from_its_beginning_without_a_gap()
    {
        var account = await _teller.OpenAsync();
        var items = Enumerable
            .Range(0, 600)
            .Select(_ => new
            {
                idempotencyKey = BankClient.NewKey(),
                command = new
                {
                    accountId = account,
                    amount = new { value = "1.00", currency = "EUR" },
                    reason = "test",
                },
            })
            .ToList();
        await using var following = await Following.StartAsync(bank, "");
        for (var i = 0; i < 3; i++)
        {
            (
                await _teller.PostAsync(
                    "/v1/deposits/batch",
                    new { mode = "independent", items = items.Select(n => n with { idempotencyKey = BankClient.NewKey() }) })).Ok();
        }

        var all = await _feed.AllAsync();
        await ReceivedAsync(following, all.Count);
        Assert.Equal(all.Select(e => e.Text("id")), following.Ids);
    }

    [Fact]
    public async Task Nothing_is_done_for_a_client_that_has_hung_up_and_a_host_that_stops_waits_for_no_listener()
    {
        var own = new BankFixture();
        await own.InitializeAsync();
        using var requests = new OpenRequests(own);
        var followers = new List<Following>();
        for (var i = 0; i < 5; i++)
        {
            followers.Add(await Following.StartAsync(own, "?after=0"));
        }

        await Eventually.UntilAsync(() => requests.Open, n => n == 5);
        foreach (var following in followers.Skip(1))
        {
            await following.DisposeAsync();
        }

        await Eventually.UntilAsync(() => requests.Open, n => n == 1);

        // One client is still connected.
        var started = TimeProvider.System.GetTimestamp();
        await own.DisposeAsync();
        Assert.True(TimeProvider.System.GetElapsedTime(started) < MaxStopTime, "The host did not stop in time.");
        await followers[0].DisposeAsync();
    }

    [Fact]
    public async Task A_served_bank_stops_at_once_while_somebody_listens()
    {
        await using var host = await HostProcess.ServeAsync(
            ["--no-demo"], ("ConnectionStrings__banking", await BankFixture.NewDatabaseAsync()));
        await using var following = await Following.StartAsync(host.Http(), await AuditorTokenAsync(host), "");

        var started = TimeProvider.System.GetTimestamp();
        Assert.Equal(0, await host.StopAsync());

        var elapsed = TimeProvider.System.GetElapsedTime(started);
        Assert.True(elapsed < MaxStopTime, $"The stop took {elapsed}.");
        await Eventually.UntilAsync(() => following.IsOver, isOver => isOver);
    }

    private static async Task<string> AuditorTokenAsync(HostProcess host)
    {
        using var http = host.Http();
        return (await new BankClient(http, null).PostAsync("/dev/token", new { role = "auditor" })).Ok().Text("token");
    }

    private static async Task ReceivedAsync(Following following, int events) =>
        await Eventually.UntilAsync(() => following.Heard.Count, n => n >= events);

    /// <summary>The number of requests in progress on the bank's host, from its own metric.</summary>
    private sealed class OpenRequests : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _open;

        public OpenRequests(BankFixture bank)
        {
            var meters = bank.Host.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "http.server.active_requests" && instrument.Meter.Scope == meters)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, change, _, _) => Interlocked.Add(ref _open, change));
            _listener.Start();
        }

        public long Open => Interlocked.Read(ref _open);

        public void Dispose() => _listener.Dispose();
    }
}
