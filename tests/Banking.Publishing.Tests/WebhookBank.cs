using System.Net;
using Banking.Publishing.Webhooks;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Publishing.Tests;

/// <summary>A bank that may send to this machine, and is quick to try again.</summary>
public sealed class WebhookBank : BankFixture
{
    internal const int Attempts = 6;

    protected override string[] Settings =>
        [
            .. base.Settings,
            "--Banking:Publishing:Webhooks:AllowInsecure",
            "true",
            "--Banking:Publishing:Webhooks:AllowPrivateAddresses",
            "true",
            "--Banking:Publishing:Webhooks:Attempts",
            "6",
            "--Banking:Publishing:Webhooks:RetryMilliseconds",
            "20",
            "--Banking:Publishing:Webhooks:EventRetryMilliseconds",
            "5",
        ];
}

/// <summary>A bank as it is out of the box, where a name first leads somewhere public and then home.</summary>
public sealed class GuardedBank : BankFixture
{
    /// <summary>
    /// Public by its form; the block was handed back (RFC 3701), so that there is nobody whom a test could reach by mistake.
    /// </summary>
    private static readonly IPAddress PublicAndNobodys = IPAddress.Parse("3ffe::1");

    private int _asked;

    protected override void Configure(IServiceCollection services) =>
        services.AddSingleton<AddressGuard.Resolver>(
            (host, _) =>
                Task.FromResult<IPAddress[]>(
                    host == "rebinding.example" && Interlocked.Increment(ref _asked) > 1 ? [IPAddress.Loopback]
                    : host == "localhost." ? [IPAddress.IPv6Loopback, IPAddress.Loopback]
                    : [PublicAndNobodys]));
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

    /// <summary>Asks until the answer is the one that is waited for.</summary>
    public static async Task<T> UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> isIt)
    {
        using var late = new CancellationTokenSource(Timeout);
        while (true)
        {
            var answer = await ask();
            if (isIt(answer))
            {
                return answer;
            }

            Assert.False(late.IsCancellationRequested, $"It did not come to that within {Timeout}. Last: {answer}");
            await Task.Delay(Pause, CancellationToken.None);
        }
    }

    /// <summary>When the endpoint has taken so many events, repeats not counted.</summary>
    public static Task<int> TookAsync(this WebhookReceiver receiver, int events) =>
        UntilAsync(() => Task.FromResult(receiver.Taken.Count), n => n >= events);

    public static Task<string> HeldAsync(this BankFixture bank, string webhook, bool held) =>
        UntilAsync(
            async () => (await bank.As("operator").GetAsync($"/v1/webhooks/{webhook}")).Ok().Body,
            body => body.Contains("\"held\"", StringComparison.Ordinal) == held);
}
