using Banking.ReadModels.Verifying;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>A bank whose sentinel checks twice a second, and reports an overdue check after three seconds.</summary>
public sealed class FrequentlyCheckedBank : BankFixture
{
    protected override string[] Settings => ["--Banking:Sentinel:IntervalSeconds", "0.5", "--Banking:Sentinel:OverdueSeconds", "3"];
}

/// <summary>A sentinel that cannot check is reported like a difference.</summary>
public sealed class BlindSentinelTests : IAsyncLifetime
{
    private readonly FrequentlyCheckedBank _bank = new();

    public ValueTask InitializeAsync() => _bank.InitializeAsync();

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Fact]
    public async Task An_event_deleted_by_SQL_is_reported_and_drift_elsewhere_is_still_found()
    {
        var (broken, drifted) = (await new Forgery(_bank).CreateAsync(), await new Forgery(_bank).CreateAsync());

        await broken.ForgeAsync("delete from bank.mt_events where stream_id = {account} and version = 2");
        await Eventually.UntilAsync(OpenAsync, open => open.Contains($"log event acc_{broken.Account:n}"));
        await drifted.ForgeAsync("update accounts.entry set balance = balance + 1 where account = {account} and version = 3");

        await Eventually.UntilAsync(OpenAsync, open => open.Contains($"entries entry acc_{drifted.Account:n}"));
        Assert.Contains($"log event acc_{broken.Account:n}", await OpenAsync());
        Assert.Equal("Degraded", await HealthAsync());
        Assert.False((await SentinelAsync()).TryGetProperty("failure", out _));
    }

    [Fact]
    public async Task A_failed_check_is_reported_with_its_reason_and_the_other_checks_continue()
    {
        var account = await new Forgery(_bank).CreateAsync();
        await Eventually.UntilAsync(HealthAsync, h => h == "Healthy");

        // The selection of streams fails, because its column was renamed.
        await _bank.ForgeAsync("alter table bank.mt_streams rename column version to taken");
        var failed = await Eventually.UntilAsync(SentinelAsync, s => s.TryGetProperty("failure", out _));
        Assert.StartsWith("streams: ", failed.GetProperty("failure").GetString(), StringComparison.Ordinal);
        await Eventually.UntilAsync(HealthAsync, h => h == "Degraded");
        await account.ForgeAsync("insert into audit.event_index values (1000000000, {account}, 'x', 'y', 'z', now())");
        await Eventually.UntilAsync(OpenAsync, open => open.Contains($"audit event_index acc_{account.Account:n}"));

        await _bank.ForgeAsync("alter table bank.mt_streams rename column taken to version");
        await account.ForgeAsync("delete from audit.event_index where position = 1000000000");
        await Eventually.UntilAsync(HealthAsync, h => h == "Healthy");
        Assert.False((await SentinelAsync()).TryGetProperty("failure", out _));
    }

    [Fact]
    public async Task An_overdue_check_is_reported_by_every_host()
    {
        await using var other = await _bank.StartAnotherAsync();
        var sentinels = new[] { _bank.Host, other }.Select(h => h.Services.GetRequiredService<Sentinel>()).ToList();
        await Eventually.UntilAsync(async () => (await SentinelAsync()).GetProperty("looks").GetInt64(), looks => looks > 1);

        await Task.WhenAll(sentinels.Select(s => s.StopAsync(CancellationToken.None)));

        var overdue = await Eventually.UntilAsync(SentinelAsync, s => s.TryGetProperty("overdue", out _));
        Assert.StartsWith("no run has ended for ", overdue.GetProperty("overdue").GetString(), StringComparison.Ordinal);
        await Eventually.UntilAsync(HealthAsync, h => h == "Degraded");
        Assert.NotNull((await other.Services.GetRequiredService<SentinelWatch>().LookAsync(CancellationToken.None)).Overdue);
    }

    private async Task<System.Text.Json.JsonElement> SentinelAsync() =>
        (await _bank.As("operator").GetAsync("/ops/projections")).Ok().Json.GetProperty("sentinel");

    private async Task<List<string>> OpenAsync() =>
        [
            .. (await SentinelAsync())
                .GetProperty("open")
                .EnumerateArray()
                .Select(d => string.Join(
                    ' ',
                    d.GetProperty("model").GetString(),
                    d.GetProperty("table").GetString(),
                    d.TryGetProperty("stream", out var stream) ? stream.GetString() : "")),
        ];

    private async Task<string> HealthAsync() => (await _bank.Anonymous().GetAsync("/health/ready")).Ok().Text("status");
}
