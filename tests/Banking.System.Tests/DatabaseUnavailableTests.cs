using Banking.EventStore.Log;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.System.Tests;

/// <summary>The database accepts no connections: callers get 503 without internals.</summary>
public sealed class DatabaseUnavailableTests(BankFixture bank) : IClassFixture<BankFixture>
{
    [Fact]
    public async Task A_read_is_answered_503_and_the_host_is_not_ready()
    {
        var teller = bank.As("teller");
        var account = await teller.OpenAsync();
        await TestCluster.AllowConnectionsAsync(bank.ConnectionString, false);
        try
        {
            var answer = await teller.GetAsync($"/v1/accounts/{account}");

            Assert.Equal((503, "temporarily_unavailable"), (answer.StatusCode, answer.Code));
            Assert.Equal(("1", "application/problem+json"), (answer.Header("Retry-After"), answer.Header("Content-Type")));
            Assert.Equal(("nosniff", "no-store"), (answer.Header("X-Content-Type-Options"), answer.Header("Cache-Control")));
            Assert.Equal("default-src 'none'; frame-ancestors 'none'", answer.Header("Content-Security-Policy"));
            Assert.DoesNotContain("Npgsql", answer.Body, StringComparison.Ordinal);
            Assert.Equal(503, (await bank.Anonymous().GetAsync("/health/ready")).StatusCode);
            Assert.Equal(200, (await bank.Anonymous().GetAsync("/health/live")).StatusCode);
        }
        finally
        {
            await TestCluster.AllowConnectionsAsync(bank.ConnectionString, true);
        }

        (await teller.GetAsync($"/v1/accounts/{account}")).Ok();
    }

    [Fact]
    public async Task Who_waits_for_events_is_woken_when_the_database_is_back()
    {
        await bank.As("teller").OpenAsync();
        var (mark, log) = (bank.Host.Services.GetRequiredService<HighWaterMark>(), bank.Host.Services.GetRequiredService<LogWatcher>());
        var end = await mark.LookAsync(TestContext.Current.CancellationToken);
        Task waiting;
        await TestCluster.AllowConnectionsAsync(bank.ConnectionString, false);
        try
        {
            await Eventually.UntilAsync(() => mark.Server, server => server is null);
            // Events up to here exist, and no command books another.
            waiting = log.WaitAsync(end - 1, Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken);
            Assert.False(waiting.IsCompleted);
        }
        finally
        {
            await TestCluster.AllowConnectionsAsync(bank.ConnectionString, true);
        }

        await waiting.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(end, mark.Complete);
    }
}
