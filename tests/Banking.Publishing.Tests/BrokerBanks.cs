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

internal static class LaneSeen
{
    /// <summary>What the operators are told is in the way, once they are told anything that contains this.</summary>
    public static async Task<string> TroubleAsync(this BankFixture bank, string contains)
    {
        var (trouble, _) = await Eventually.UntilAsync(bank.LaneAsync, l => l.Trouble.Contains(contains, StringComparison.Ordinal));
        return trouble;
    }

    /// <summary>Nothing is in the way any more, and nothing is left to be delivered.</summary>
    public static async Task WellAsync(this BankFixture bank)
    {
        await new Feed(bank).CompleteAsync();
        await Eventually.UntilAsync(bank.LaneAsync, l => l is ("", 0));
    }

    /// <summary>Versions of an account in the order in which they came the first time.</summary>
    public static IReadOnlyList<long> FirstsOf(this IEnumerable<JsonElement> events, string account) =>
        [.. events.Where(e => e.Text("subject") == account).Select(e => e.Number("streamversion")!.Value).Distinct()];

    private static async Task<(string Trouble, long Waiting)> LaneAsync(this BankFixture bank) =>
        (await bank.As("operator").GetAsync("/ops/outbox")).Ok().Items().Where(d => d.GetProperty("kind").GetString() != "modules").ToList()
            is [var lane]
            ? (lane.TryGetProperty("lastError", out var error) ? error.Text("text") : "", lane.GetProperty("waiting").GetInt64())
            : ("no lane yet", -1);
}
