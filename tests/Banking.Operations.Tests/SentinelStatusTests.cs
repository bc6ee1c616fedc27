using Banking.ReadModels.Verifying;
using Banking.Testing;

namespace Banking.Operations.Tests;

/// <summary>The stored status of the sentinel.</summary>
public sealed class SentinelStatusTests(BankFixture bank) : IClassFixture<BankFixture>
{
    [Fact]
    public async Task A_status_with_differences_of_every_kind_survives_a_round_trip()
    {
        Assert.Equal(SentinelStatus.None, await SentinelStatus.ReadAsync(bank.Database, CancellationToken.None));
        var seen = new SentinelStatus(new(2026, 1, 6, 15, 0, 0, TimeSpan.Zero), 3, 100, 5,
        [
            new("ledger", "totals", null, "1", "2") { Key = "EUR/2" },
            new("entries", "entry", Guid.CreateVersion7(), null, "{}"),
            new("audit", "event_index", Guid.CreateVersion7(), "{}", null),
            new("receipts", "receipt", null, "{}", "{}", Guid.CreateVersion7()),
        ])
        { Failure = "streams: it failed", FailedAt = new(2026, 1, 6, 15, 0, 1, TimeSpan.Zero) };

        await seen.SaveAsync(bank.Database, CancellationToken.None);
        await seen.SaveAsync(bank.Database, CancellationToken.None);

        var read = await SentinelStatus.ReadAsync(bank.Database, CancellationToken.None);
        Assert.Equal(seen with { Open = [] }, read with { Open = [] });
        Assert.Equal(seen.Open, read.Open);
        Assert.Equal(["1"], await bank.QueryAsync<string>("select count(*)::text from platform.sentinel"));
    }
}
