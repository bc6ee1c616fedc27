using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Banking.System.Tests;

/// <summary>A bank that keeps its log lines, also those that are off by default.</summary>
public sealed class TalkativeBank : BankFixture
{
    public LogLines Lines { get; } = new();

    protected override string[] Settings => [.. base.Settings, "--Logging:LogLevel:Banking", "Trace"];

    protected override void Configure(IServiceCollection services) => services.AddSingleton<ILoggerProvider>(Lines);
}

/// <summary>Personal data and secrets, in any part of any request, do not reach the log of a host.</summary>
public sealed class LogPrivacyTests(TalkativeBank bank) : IClassFixture<TalkativeBank>
{
    private const string Canary = "Kanarienvogel";

    [Fact]
    public async Task No_line_holds_personal_data_a_free_text_or_a_token()
    {
        var (teller, operators) = (bank.As("teller"), bank.As("operator"));
        var customer = (await teller.PostAsync("/v1/customers", new { name = $"Ada {Canary}", email = $"ada@{Canary}.example" }))
            .Created().Text("id");
        var account = await teller.OpenAsync(customer);
        object Deposit(string value) => new
        {
            accountId = account,
            amount = new { value, currency = "EUR" },
            reason = $"from {Canary}",
            reference = Canary,
            counterparty = new { bank = "KANA", account = Canary },
        };
        (await teller.PostAsync("/v1/deposits", Deposit("10.00"))).Created();
        (await teller.PostAsync("/v1/withdrawals", Deposit("99.00"))).IsProblem(422, "insufficient_funds");
        (await teller.PostAsync("/v1/deposits", Deposit(Canary))).IsProblem(422, "invalid_amount");
        (await teller.PostTextAsync("/v1/customers", $$"""{"name":"{{Canary}}" """)).IsProblem(400, "malformed_json");
        (await teller.GetAsync($"/v1/deposits?reason={Canary}")).Ok();
        (await teller.GetAsync($"/v1/accounts/{Canary}")).IsProblem(404, "account_not_found");
        (await teller.PostAsync($"/v1/accounts/{account}/freeze", new { scope = "all", reasonCode = "aml", reason = Canary })).Ok();
        (await operators.GetAsync("/audit/events?limit=10")).Ok();
        (await bank.WithToken($"{Canary}.{Canary}.{Canary}").GetAsync("/v1/accounts")).IsProblem(401, "unauthenticated");

        bank.Host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Banking.Test").LogTrace("This log is kept.");
        Assert.Single(bank.Lines.With("This log is kept."));
        Assert.All(bank.Lines.All, line => Assert.DoesNotContain(
            (string[])[Canary, "kanarienvogel", "eyJ"],
            part => line.Text.Contains(part, StringComparison.Ordinal)));
    }
}
