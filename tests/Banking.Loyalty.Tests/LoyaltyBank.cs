using Banking.Host;
using Banking.Platform;
using Banking.Testing;

namespace Banking.Loyalty.Tests;

/// <summary>The bank with one module more: this line is all that the host needs.</summary>
public sealed class LoyaltyBank : BankFixture
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(40);

    protected override IReadOnlyList<BankModule> Modules => [.. BankModules.All, new LoyaltyModule()];

    public BankClient Teller => As("teller");

    /// <summary>The points of an account once they are as many, or as many as they were when the wait ended.</summary>
    public async Task<long> PointsAsync(string account, long expected)
    {
        using var late = new CancellationTokenSource(MaxWait);
        while (true)
        {
            var answer = await Teller.GetAsync($"/v1/loyalty/{account}");
            var points = answer.StatusCode == 404 ? 0 : answer.Ok().Json.GetProperty("points").GetInt64();
            if (points == expected || late.IsCancellationRequested)
            {
                return points;
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>How many commands wait for their time, once they are as many, or when the wait ended.</summary>
    public async Task<long> WaitsAsync(long expected)
    {
        using var late = new CancellationTokenSource(MaxWait);
        while (true)
        {
            var waits = await ScalarAsync<long>("select count(*) from platform.due");
            if (waits == expected || late.IsCancellationRequested)
            {
                return waits;
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>When every event so far was delivered to the modules and handled by them.</summary>
    public async Task HandledAsync()
    {
        using var late = new CancellationTokenSource(MaxWait);
        var end = await ScalarAsync<long>("select max(seq_id) from bank.mt_events");
        while (await ScalarAsync<long>("select coalesce((select position from publishing.lane where name = 'modules'), -1)") < end
            || await ScalarAsync<long>("select count(*) from wolverine.wolverine_incoming_envelopes where status <> 'Handled'") > 0)
        {
            Assert.False(late.IsCancellationRequested, $"Not everything was handled within {MaxWait}.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Owner.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
