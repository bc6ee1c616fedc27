using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Banking.System.Tests;

/// <summary>The lock of a leader, in a pool whose sessions are not reset, and what the log says of a leader that fails.</summary>
public sealed class LeaderLockTests(EmptyDatabase database) : IClassFixture<EmptyDatabase>
{
    private const string Held = "select count(*) from pg_locks where locktype = 'advisory' and granted and database = "
        + "(select oid from pg_database where datname = current_database())";

    [Fact]
    public async Task A_host_that_stops_while_it_takes_the_lock_leaves_it_to_others()
    {
        // The lock is granted at once, but the answer takes longer than the host waits.
        await using var owner = database.Owner();
        await owner.ExecuteAsync(
            """
            create function public.pg_try_advisory_lock(key bigint) returns boolean language plpgsql as
            'begin perform pg_catalog.pg_advisory_lock(key); perform pg_sleep(60); return true; end'
            """,
            [],
            TestContext.Current.CancellationToken);
        await using var pool = database.Kept("public,pg_catalog");
        using var stop = new CancellationTokenSource();
        var leading = Leader.RunAsync(pool, "test", _ => Task.CompletedTask, NullLogger.Instance, stop.Token);
        await Eventually.UntilAsync(HeldAsync, held => held == 1);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leading);

        await Eventually.UntilAsync(HeldAsync, held => held == 0, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_leader_that_fails_again_after_it_has_led_for_a_while_warns_again()
    {
        using var lines = new LogLines();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var (attempts, led, over) = (0, Signal(), Signal());
        var leading = Leader.RunAsync(
            database.Source, "failing", LeadAsync, lines.CreateLogger(""), stop.Token, unknownTypes: () =>
            {
                // Asked each time that leadership is confirmed.
                led.TrySetResult();
                return 0;
            });

        await over.Task.WaitAsync(stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leading);

        // The second attempt fails before leadership is confirmed: it is the same incident as the first.
        Assert.Equal(
            [LogLevel.Warning, LogLevel.Debug, LogLevel.Warning],
            lines.All.Where(l => l.Text.Contains("failing failed", StringComparison.Ordinal)).Select(l => l.Level));

        static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

        async Task LeadAsync(CancellationToken ct)
        {
            attempts++;
            if (attempts == 3)
            {
                await led.Task.WaitAsync(ct);
            }
            else if (attempts == 4)
            {
                over.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, ct);
            }

            throw new InvalidOperationException($"Attempt {attempts}.");
        }
    }

    private Task<long> HeldAsync() => database.Source.ScalarAsync<long>(Held, [], TestContext.Current.CancellationToken);
}
