using Banking.Host;
using Banking.Platform;
using Banking.Testing;

namespace Banking.Loyalty.Tests;

/// <summary>The bank with one module more: this line is all that the host needs.</summary>
public sealed class LoyaltyBank : BankFixture
{
    protected override IReadOnlyList<BankModule> Modules => [.. BankModules.All, new LoyaltyModule()];

    public BankClient Teller => As("teller");

    /// <summary>The points of an account, once they are as many.</summary>
    public Task<long> PointsAsync(string account, long expected) => Eventually.UntilAsync(
        async () =>
        {
            var answer = await Teller.GetAsync($"/v1/loyalty/{account}");
            return answer.StatusCode == 404 ? 0 : answer.Ok().Json.GetProperty("points").GetInt64();
        },
        points => points == expected);

    /// <summary>How many commands wait for their time, once they are as many.</summary>
    public Task<long> WaitsAsync(long expected) =>
        Eventually.UntilAsync(() => ScalarAsync<long>("select count(*) from platform.due"), waits => waits == expected);

    /// <summary>When every event so far was delivered to the modules and handled by them.</summary>
    public async Task HandledAsync()
    {
        var end = await ScalarAsync<long>("select max(seq_id) from bank.mt_events");
        await Eventually.UntilAsync(
            () => ScalarAsync<long>("select coalesce((select position from publishing.lane where name = 'modules'), -1)"),
            position => position >= end);
        await Eventually.UntilAsync(
            () => ScalarAsync<long>("select count(*) from wolverine.wolverine_incoming_envelopes where status <> 'Handled'"),
            left => left == 0);
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
