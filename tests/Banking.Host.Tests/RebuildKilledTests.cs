using Banking.Testing;
using Banking.Testing.Histories;

namespace Banking.Host.Tests;

/// <summary>SIGKILL during a rebuild. The active versions stay unchanged, and the next host continues the rebuild.</summary>
public sealed class RebuildKilledTests
{
    private const string Building =
        "select name, generation, started_at::text, requested_at::text, reason from platform.read_model where generation = 2 order by name";

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task A_rebuild_that_was_killed_is_finished_by_a_host_from_where_it_stopped(string history)
    {
        await using var bank = await ImportedBank.CopyAsync(history);
        var served = await bank.ServedAsync();
        List<string> begun;
        long position;
        using (
            var process = HostProcess.Start(
                ["projections", "rebuild", "all", "--reason", "to be killed"], ("ConnectionStrings__banking", bank.Database)))
        {
            await using var candidate = await CandidateLock.TakeAsync(bank);
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            position = candidate.Position;
            begun = await bank.RowsAsync(Building);
        }

        Assert.InRange(position, 1, bank.Events - 1);
        Assert.Equal(
            ["audit|1|serving", "audit|2|building", "entries|1|serving", "entries|2|building", "ledger|1|serving", "ledger|2|building"],
            await bank.RowsAsync("select name, generation, state from platform.read_model order by 1, 2"));
        Assert.Equal(served, await bank.ServedAsync());

        await using (await bank.StartHostAsync())
        {
            await bank.UntilAsync("count(*) = 3 from platform.read_model where state = 'serving' and generation = 2");
            await bank.UntilAsync("count(*) = 3 from platform.projection where outcome = 'serving' and generation = 2");
        }

        Assert.Equal(begun, await bank.RowsAsync(Building));
        // Three books and three document projections.
        Assert.Equal("6", await bank.RowAsync("select count(*) from bank.mt_events where type = 'platform.rebuild-requested.v1'"));
        Assert.Equal(
            "6",
            await bank.RowAsync(
                "select count(*) from bank.mt_events where type = 'platform.rebuild-finished.v1' and data ->> 'outcome' = 'serving' "
                    + "and data ->> 'differences' = '0'"
            ));
        var entries = served.Single(row => row.StartsWith("accounts.entry|", StringComparison.Ordinal)).Split('|');
        await bank.SameRowsAsync(
            $"select count(*), sum(hash_record_extended(e, 0)) from accounts.entry e where position <= {bank.Events}",
            $"select {entries[1]}::bigint, {entries[2]}::numeric");
        await bank.VerifyAsync();
    }
}
