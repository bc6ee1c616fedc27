using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Banking.System.Tests;

/// <summary>The lock of a leader, in a pool whose sessions are not reset.</summary>
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

    private Task<long> HeldAsync() => database.Source.ScalarAsync<long>(Held, [], TestContext.Current.CancellationToken);
}
