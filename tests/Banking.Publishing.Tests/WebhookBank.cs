using System.Net;
using Banking.Publishing.Webhooks;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Publishing.Tests;

/// <summary>A bank that may deliver to this machine and retries after a few milliseconds.</summary>
public sealed class WebhookBank : BankFixture
{
    internal const int Attempts = 6;

    protected override string[] Settings =>
        [
            .. base.Settings,
            .. LocalWebhooks,
            "--Banking:Publishing:Webhooks:Attempts",
            "6",
            "--Banking:Publishing:Webhooks:RetryMilliseconds",
            "20",
            "--Banking:Publishing:Webhooks:EventRetryMilliseconds",
            "5",
        ];
}

/// <summary>A bank with default settings and a DNS name that first resolves to a public address and later to loopback.</summary>
public sealed class GuardedBank : BankFixture
{
    /// <summary>
    /// A public address in a block that was returned (RFC 3701), so that no test can reach a real host by mistake.
    /// </summary>
    private static readonly IPAddress UnassignedPublicAddress = IPAddress.Parse("3ffe::1");

    private int _lookups;

    protected override void Configure(IServiceCollection services) =>
        services.AddSingleton<AddressGuard.Resolver>(
            (host, _) =>
                Task.FromResult<IPAddress[]>(
                    host == "rebinding.example" && Interlocked.Increment(ref _lookups) > 1 ? [IPAddress.Loopback]
                    : host == "localhost." ? [IPAddress.IPv6Loopback, IPAddress.Loopback]
                    : [UnassignedPublicAddress]));
}

internal static class WebhookSteps
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static async Task<string> RegisterWebhookAsync(
        this BankFixture bank, string url, string[]? types = null, string[]? accounts = null, string? from = null) =>
        (await bank.As("operator").PostAsync("/v1/webhooks", new { url, types, accounts, from })).Created().Text("id");

    public static async Task<string[]> SecretsAsync(this BankFixture bank, string webhook) =>
        [.. (await bank.As("operator").GetAsync($"/v1/webhooks/{webhook}/secret")).Ok().Json.GetProperty("secrets").EnumerateArray()
            .Select(s => s.GetProperty("secret").GetString()!)];

    public static async Task<Answer> AskAsync(this BankFixture bank, string path, object body) =>
        await bank.As("operator").PostAsync(path, body);

    /// <summary>Repeats a request until its answer is the expected one.</summary>
    public static async Task<T> UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> isExpected)
    {
        using var timeout = new CancellationTokenSource(Timeout);
        while (true)
        {
            var answer = await ask();
            if (isExpected(answer))
            {
                return answer;
            }

            Assert.False(timeout.IsCancellationRequested, $"The expected answer did not arrive within {Timeout}. Last: {answer}");
            await Task.Delay(Pause, CancellationToken.None);
        }
    }

    /// <summary>Waits until the endpoint has accepted this many different events.</summary>
    public static Task<int> TookAsync(this WebhookReceiver receiver, int events) =>
        UntilAsync(() => Task.FromResult(receiver.Taken.Count), n => n >= events);

    public static Task<string> PausedAsync(this BankFixture bank, string webhook, bool isPaused) =>
        UntilAsync(
            async () => (await bank.As("operator").GetAsync($"/v1/webhooks/{webhook}")).Ok().Body,
            body => body.Contains("\"held\"", StringComparison.Ordinal) == isPaused);
}
