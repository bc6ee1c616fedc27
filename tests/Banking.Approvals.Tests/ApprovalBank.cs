using System.Text.Json;
using Banking.Host.Security;
using Banking.ReadModels.Verifying;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Approvals.Tests;

/// <summary>A bank in which corrections above 1000.00 EUR, and of transactions older than 30 days, need an approval.</summary>
public class ApprovalBank : BankFixture
{
    public static readonly object Reversal = new { kind = "reversal", reasonCode = "twice", reason = "paid twice" };

    protected override string[] Settings =>
    [
        .. base.Settings, "--Banking:Corrections:ApprovalAmounts:EUR", "1000.00", "--Banking:Corrections:ApprovalDays", "30",
        "--Banking:Approvals:ValidHours", "24", .. LocalWebhooks,
    ];

    public BankClient Teller => As("teller");

    /// <summary>A member of staff, by the subject of the token.</summary>
    public BankClient Person(string subject, string role = "teller") => WithToken(
        Host.Services.GetRequiredService<DevTokens>().Issue(role, null, subject, TimeProvider.System.GetUtcNow()));

    /// <summary>Ada proposes a correction.</summary>
    public async Task<Answer> ProposeAsync(string transaction, object? body = null) =>
        await Person("ada").PostAsync($"/v1/transactions/{transaction}/corrections?propose=true", body ?? Reversal);

    /// <summary>Ada proposes a correction; returns the id and the hash of the proposal.</summary>
    public async Task<(string Id, string Hash)> ProposedAsync(string transaction, object? body = null)
    {
        var proposed = await ProposeAsync(transaction, body);
        Assert.True(proposed.StatusCode == 202, proposed.Body);
        return (proposed.Text("id"), proposed.Text("commandHash"));
    }

    public static Task<Answer> ApproveAsync(
        BankClient person, (string Id, string Hash) proposal, params (string Name, string Value)[] headers) =>
        person.PostAsync($"/v1/proposals/{proposal.Id}/approve", new { commandHash = proposal.Hash }, headers);

    public static Task<Answer> EndAsync(BankClient person, string proposal, string how) =>
        person.PostAsync($"/v1/proposals/{proposal}/{how}", new { reasonCode = "test", reason = "A test asks for it." });

    public async Task<Answer> ReadAsync(string proposal) => (await Teller.GetAsync($"/v1/proposals/{proposal}")).Ok();

    /// <summary>An account with a deposit; returns both ids.</summary>
    public async Task<(string Account, string Deposit)> DepositedAsync(string value = "100.00", string currency = "EUR")
    {
        var account = await Teller.OpenAsync(currency: currency);
        return (account, (await Teller.DepositAsync(account, value, currency)).Created().Text("id"));
    }

    public async Task<IReadOnlyList<string>> QueryAsync(string sql)
    {
        await using var command = Owner.CreateCommand(sql);
        await using var reader = await Deadlocks.RetryAsync(() => command.ExecuteReaderAsync());
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }

    public async Task AgreesWithItsLogAsync() => Assert.Empty(
        (await Host.Services.GetRequiredService<Verification>().RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None)).Differences);
}

[CollectionDefinition(nameof(Shared))]
public sealed class Shared : ICollectionFixture<ApprovalBank>;

internal static class Expect
{
    public static JsonElement IsProblem(this Answer answer, int status, string code)
    {
        Assert.True(answer.StatusCode == status && answer.Code == code, $"{status} {code} was expected: {answer.StatusCode} {answer.Body}");
        return answer.Json;
    }

    public static string Text(this JsonElement element, string member) => element.GetProperty(member).ToString();
}
