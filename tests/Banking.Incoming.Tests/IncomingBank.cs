using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.Testing;
using Banking.Testing.Brokers;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;

namespace Banking.Incoming.Tests;

/// <summary>A bank that takes commands from queues.</summary>
public sealed class IncomingBank : BankFixture, IAsyncLifetime
{
    public const string Deposit = "accounts.deposit-money.v1";
    public const string Withdraw = "accounts.withdraw-money.v1";
    public const string Transfer = "accounts.transfer-money.v1";

    /// <summary>Messages on this queue come from the service core.</summary>
    public const string CoreQueue = "commands-core";

    /// <summary>Messages on this queue carry tokens.</summary>
    public const string TokenQueue = "commands-token";

    public Broker Broker { get; } = new();

    protected override string[] Settings => RabbitServer.Missing is not null ? base.Settings :
    [
        .. base.Settings,
        .. Listener("core", Broker.Uri, CoreQueue, "Identity=core"),
        .. Listener("token", Broker.Uri, TokenQueue, "Tokens=required"),
    ];

    public static string[] Listener(string name, Uri uri, string queue, params string[] settings) =>
    [
        .. from setting in (string[])
               [$"Uri={uri}", $"Queue={queue}", $"Operations={Deposit} {Withdraw} {Transfer}", .. settings]
           select $"--Banking:Incoming:RabbitMq:{name}:{setting}",
    ];

    /// <summary>Wolverine looks for replayed dead letters more often than every five seconds.</summary>
    protected override void Configure(IServiceCollection services) =>
        services.ConfigureWolverine(w => w.Durability.ScheduledJobPollingTime = TimeSpan.FromMilliseconds(250));

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        await Broker.InitializeAsync();
        if (RabbitServer.Missing is null)
        {
            await Broker.DeclareAsync(CoreQueue);
            await Broker.DeclareAsync(TokenQueue);
        }

        await InitializeAsync();
    }

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await DisposeAsync();
        await Broker.DisposeAsync();
    }
}

/// <summary>Tests that share one bank and its broker.</summary>
[CollectionDefinition(nameof(Shared))]
public sealed class Shared : ICollectionFixture<IncomingBank>;

/// <summary>Commands as a service writes them, and what became of them.</summary>
internal static class Messages
{
    public static JsonObject Deposit(string account, string amount, string? key = null) => new()
    {
        ["commandId"] = key ?? BankClient.NewKey(),
        ["account"] = account,
        ["amount"] = new JsonObject { ["value"] = amount, ["currency"] = "EUR" },
        ["reason"] = "wage",
    };

    public static Task UntilBalanceAsync(this BankFixture bank, string account, string balance) =>
        Eventually.UntilAsync(() => bank.As("teller").BalanceAsync(account), b => b == balance);

    /// <summary>Waits for the dead letter with this correlation id.</summary>
    public static async Task<JsonElement> DeadLetterAsync(this BankFixture bank, string correlation) => (await Eventually.UntilAsync(
        async () => (await bank.DeadLettersAsync()).Where(m => m.GetProperty("correlationId").GetString() == correlation).ToList(),
        found => found.Count > 0))[0];

    public static async Task<IReadOnlyList<JsonElement>> DeadLettersAsync(this BankFixture bank) =>
        (await bank.As("operator").GetAsync("/ops/incoming/dead-letters")).Ok().Items();

    public static async Task<T> ScalarAsync<T>(this BankFixture bank, string sql, params object[] values)
    {
        await using var command = bank.Database.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        return (T)(await command.ExecuteScalarAsync())!;
    }

    public static async Task<IReadOnlyList<JsonElement>> EventsAsync(this BankFixture bank, string account) =>
        (await bank.As("teller").GetAsync($"/v1/accounts/{account}/events")).Ok().Items();

    public static string? Member(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var member) ? member.GetString() : null;
}
