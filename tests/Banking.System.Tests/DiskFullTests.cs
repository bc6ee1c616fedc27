using Banking.Platform.ReadModels;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>The server has no room: every command is answered 503, health says why, and it goes on by itself once there is room again.</summary>
public sealed class DiskFullTests(BankFixture bank) : IClassFixture<BankFixture>
{
    [Fact]
    public async Task A_full_disk_is_unavailable_and_recovers_by_itself()
    {
        var teller = bank.As("teller");
        var account = await teller.OpenAsync(balance: "10.00");
        await ExecuteAsync(
            """
            create function public.no_room() returns trigger language plpgsql as
                $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
            create trigger no_room before insert on platform.receipt for each statement execute function public.no_room()
            """);

        var key = ("Idempotency-Key", BankClient.NewKey());
        var first = await teller.DepositAsync(account, "1.00", "EUR", key);
        var more = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => teller.DepositAsync(account, "1.00")));
        var full = await bank.Anonymous().GetAsync("/health/ready");
        await ExecuteAsync("drop trigger no_room on platform.receipt");
        var again = await teller.DepositAsync(account, "1.00", "EUR", key);
        var health = await bank.Anonymous().GetAsync("/health/ready");

        Assert.All([first, .. more], a => Assert.Equal((503, "temporarily_unavailable", "false"), (a.StatusCode, a.Code, a.Text("applied"))));
        Assert.Equal((503, "Unhealthy"), (full.StatusCode, full.Body));
        Assert.Equal("11.00", again.Created().Text("balance", "value"));
        Assert.Equal(200, health.StatusCode);
    }

    [Fact]
    public async Task A_sequence_behind_the_log_is_unhealthy()
    {
        await bank.As("teller").OpenAsync(balance: "10.00");
        await ExecuteAsync("select setval('bank.mt_events_sequence', 1)");
        var behind = await bank.Anonymous().GetAsync("/health/ready");
        await ExecuteAsync("select setval('bank.mt_events_sequence', (select max(seq_id) from bank.mt_events))");
        var mended = await bank.Anonymous().GetAsync("/health/ready");

        Assert.Equal((503, 200), (behind.StatusCode, mended.StatusCode));
    }

    [Fact]
    public async Task A_stream_that_ends_in_the_future_is_named()
    {
        await bank.As("teller").OpenAsync(balance: "10.00");
        await using var forge = bank.Owner.CreateCommand(
            "update bank.mt_streams set timestamp = $1 where id = (select stream_id from bank.mt_events where type like 'accounts.%' limit 1) returning id");
        forge.Parameters.Add(new() { Value = bank.Clock.Now.AddDays(400) });
        var stream = (Guid)(await forge.ExecuteScalarAsync())!;

        var found = Assert.Single(await FutureStreams.FindAsync(bank.Database, bank.Clock.Now, TestContext.Current.CancellationToken));

        Assert.Equal(stream, found.Stream);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = bank.Owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
