using System.Text.Json;
using Banking.Testing;

namespace Banking.Publishing.Tests;

/// <summary>A bank that publishes to Kafka.</summary>
internal sealed class KafkaBank(string servers, params string[] settings) : BankFixture
{
    public const string Topic = "banking.events";

    protected override string[] Settings =>
        [
            .. base.Settings,
            $"--Banking:Publishing:Kafka:BootstrapServers={servers}",
            .. settings.Select(s => "--Banking:Publishing:Kafka:" + s),
        ];

    public static async Task<KafkaBank> StartAsync(string servers, params string[] settings)
    {
        var bank = new KafkaBank(servers, settings);
        await bank.InitializeAsync();
        return bank;
    }
}

/// <summary>A bank that publishes to RabbitMQ.</summary>
internal sealed class RabbitBank(Uri uri, params string[] settings) : BankFixture
{
    protected override string[] Settings =>
        [.. base.Settings, $"--Banking:Publishing:RabbitMq:Uri={uri}", .. settings.Select(s => "--Banking:Publishing:RabbitMq:" + s)];

    public static async Task<RabbitBank> StartAsync(Uri uri, params string[] settings)
    {
        var bank = new RabbitBank(uri, settings);
        await bank.InitializeAsync();
        return bank;
    }
}

internal static class PublisherSteps
{
    /// <summary>Waits until the publisher shows an error that contains this text, and returns that error.</summary>
    public static async Task<string> TroubleAsync(this BankFixture bank, string contains)
    {
        var (error, _) = await Eventually.UntilAsync(bank.PublisherAsync, p => p.Error.Contains(contains, StringComparison.Ordinal));
        return error;
    }

    /// <summary>Waits until the publisher has no error and no event left to deliver.</summary>
    public static async Task WellAsync(this BankFixture bank)
    {
        await new Feed(bank).CompleteAsync();
        await Eventually.UntilAsync(bank.PublisherAsync, p => p is ("", 0));
    }

    /// <summary>The versions of an account's events in order of first arrival, without repeats.</summary>
    public static IReadOnlyList<long> FirstsOf(this IEnumerable<JsonElement> events, string account) =>
        [.. events.Where(e => e.Text("subject") == account).Select(e => e.Number("streamversion")!.Value).Distinct()];

    private static async Task<(string Error, long Waiting)> PublisherAsync(this BankFixture bank) =>
        (await bank.As("operator").GetAsync("/ops/outbox")).Ok().Items().Where(d => d.GetProperty("kind").GetString() != "modules").ToList()
            is [var publisher]
            ? (publisher.TryGetProperty("lastError", out var error) ? error.Text("text") : "", publisher.GetProperty("waiting").GetInt64())
            : ("no publisher yet", -1);
}
