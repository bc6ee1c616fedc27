using Banking.Host;
using Banking.Testing;
using Banking.Web;

namespace Banking.Loyalty.Tests;

/// <summary>The bank with one more module. The host needs only the line below.</summary>
public sealed class LoyaltyBank : BankFixture
{
    protected override IReadOnlyList<BankModule> Modules => [.. BankModules.All, new LoyaltyModule()];

    public BankClient Teller => As("teller");

    /// <summary>Waits until the account has the expected points.</summary>
    public Task<long> PointsAsync(string account, long expected) => Eventually.UntilAsync(
        async () =>
        {
            var answer = await Teller.GetAsync($"/v1/loyalty/{account}");
            return answer.StatusCode == 404 ? 0 : answer.Ok().Json.GetProperty("points").GetInt64();
        },
        points => points == expected);

    /// <summary>Waits until the due table has the expected number of commands.</summary>
    public Task<long> DueAsync(long expected) =>
        Eventually.UntilAsync(() => ScalarAsync<long>("select count(*) from platform.due"), count => count == expected);

    /// <summary>Waits until every event so far was delivered to the modules and handled.</summary>
    public async Task HandledAsync()
    {
        var end = await ScalarAsync<long>("select max(seq_id) from bank.mt_events");
        await Eventually.UntilAsync(
            () => ScalarAsync<long>("select coalesce((select position from publishing.publisher where name = 'modules'), -1)"),
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
        await Deadlocks.RetryAsync(() => command.ExecuteNonQueryAsync());
    }
}
