using Banking.Commands.Receipts;
using Banking.EventStore.Log;
using Banking.Host.Security;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>A command of a bank, with its receipt.</summary>
internal sealed record Answered(string Command, Guid Receipt, Guid[] Streams);

/// <summary>A bank that has answered a command of every kind, in a month whose answers may expire.</summary>
public sealed class AnsweredBank : BankFixture, IAsyncLifetime
{
    private static readonly object Why = new { reasonCode = "test", reason = "A test" };

    private readonly List<Answered> _answered = [];

    public AnsweredBank() => Clock.Set(new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero));

    internal IReadOnlyList<Answered> Answered => _answered;

    protected override string[] Settings => [.. base.Settings, "--Banking:Idempotency:KeepAnswersDays", "31", .. LocalWebhooks];

    private BankClient Teller => As("teller");

    private BankClient Bob => WithToken(
        Host.Services.GetRequiredService<DevTokens>().Issue("teller", null, "bob", TimeProvider.System.GetUtcNow()));

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        await RunOnAccountsAsync();
        await RunOnStatementsAsync();
        await RunOnWebhooksAsync();
        await RunOnProposalsAsync();
        await this.CaughtUpAsync();
        await RunAsync(As("operator"), "/v1/periods/2026-02/close", Why);
    }

    internal Answered Find(string command) => _answered.Single(a => a.Command.EndsWith(" " + command, StringComparison.Ordinal));

    /// <summary>The differences of receipts that a comparison of these streams finds.</summary>
    /// <param name="isStateKnown">
    /// Whether the streams are read whole. Only their events are read by the sentinel, if they are long, and if their first were deleted.
    /// </param>
    internal async Task<IReadOnlyList<Difference>> CompareAsync(Answered answered, bool isStateKnown = true)
    {
        var services = Host.Services;
        var receipts = services.GetServices<StoredComparison>().OfType<ReceiptComparison>();
        var comparing = new StreamVerification(
            [], receipts, services.GetRequiredService<Snapshots>(), services.GetRequiredService<LogReader>());
        return (await comparing.CompareAsync(
            StreamSelection.Of(answered.Streams), isStateKnown ? answered.Streams : [], CancellationToken.None)).Differences;
    }

    /// <summary>Drops all answers.</summary>
    internal Task ExpireAsync() => Eventually.UntilAsync(
        async () =>
        {
            await Host.Services.GetRequiredService<AnswerKeeping>().RunAsync(CancellationToken.None);
            return await this.QueryAsync<long>("select count(*) from platform.receipt_answer");
        },
        left => left is [0]);

    private async Task RunOnAccountsAsync()
    {
        var customer = (await RunAsync(Teller, "/v1/customers", new { name = "Ada" })).Text("id");
        var account = (await RunAsync(Teller, "/v1/accounts", new { customerId = customer, currency = "EUR" })).Text("id");
        var other = await Teller.OpenAsync(balance: "5.00");
        await RunAsync(Teller, "/v1/deposits", new
        {
            accountId = account,
            amount = Euro("10.00"),
            reason = "Pocket money",
            reference = "March",
            purposeCode = "SALA",
            endToEndId = "E2E-1",
            counterparty = new { bank = "COLSDE33", account = "123" },
        });
        await RunAsync(Teller, "/v1/withdrawals", new { accountId = account, amount = Euro("1.00"), reason = "Cash" });
        var transfer = new { fromAccountId = account, toAccountId = other, amount = Euro("2.00"), reason = "Rent", reference = "March" };
        var paid = (await RunAsync(Teller, "/v1/transfers", transfer)).Text("id");
        await RunAsync(
            Teller, $"/v1/transactions/{paid}/corrections",
            new { kind = "amount", amount = Euro("3.00"), reasonCode = "typo", reason = "A typo" });
        await RunAsync(Teller, "/v1/withdrawals", new { accountId = account, amount = Euro("99.00"), reason = "Too much" }, 422);
        await RunAsync(
            Teller, $"/v1/accounts/{account}/overdraft-limit",
            new { limit = Euro("7.00"), reasonCode = "wish", reason = "A wish" });
        await RunAsync(Teller, $"/v1/accounts/{account}/freeze", new { scope = "credit", reasonCode = "order", reason = "An order" });
        await RunAsync(Teller, $"/v1/accounts/{account}/unfreeze", new { scope = "credit", reasonCode = "order", reason = "An order" });
        var empty = await Teller.OpenAsync(customer);
        await RunAsync(Teller, $"/v1/accounts/{empty}/close", new { reasonCode = "wish", reason = "A wish" });
        var subscription = (await RunAsync(Teller, "/v1/notification-subscriptions", new { account })).Text("id");
        await RunAsync(Teller, $"/v1/notification-subscriptions/{subscription}/cancel", new { });
    }

    private async Task RunOnStatementsAsync()
    {
        var account = await Teller.OpenAsync(balance: "1.00", effectiveAt: Clock.Now.AddDays(-3));
        var (from, to) = ($"{Clock.Now.AddDays(-2):yyyy-MM-dd}", $"{Clock.Now.AddDays(-1):yyyy-MM-dd}");
        await RunAsync(Teller, $"/v1/accounts/{account}/statements", new { from, to });
        await RunAsync(Teller, $"/v1/accounts/{account}/statement-schedule", new { frequency = "weekly" });
    }

    private async Task RunOnWebhooksAsync()
    {
        var operators = As("operator");
        var webhook = new { url = "http://127.0.0.1:9/hook", types = new[] { "banking.account.money-deposited.v1" } };
        var id = (await RunAsync(operators, "/v1/webhooks", webhook)).Text("id");
        await RunAsync(operators, $"/v1/webhooks/{id}/secret/rotate", new { });
        await RunAsync(operators, $"/v1/webhooks/{id}/remove", Why);
    }

    private async Task RunOnProposalsAsync()
    {
        var account = await Teller.OpenAsync(balance: "1.00");
        var deposit = new { accountId = account, amount = Euro("2.00"), reason = "test" };
        var approved = (await RunAsync(Teller, "/v1/deposits?propose=true", deposit, 202)).Json;
        await RunAsync(
            Bob, $"/v1/proposals/{approved.GetProperty("id").GetString()}/approve",
            new { commandHash = approved.GetProperty("commandHash").GetString() });
        var rejected = (await Teller.PostAsync("/v1/deposits?propose=true", deposit)).Text("id");
        await RunAsync(Bob, $"/v1/proposals/{rejected}/reject", Why);
    }

    private async Task<Answer> RunAsync(BankClient caller, string path, object body, int? status = null)
    {
        var key = BankClient.NewKey();
        var answer = await caller.PostAsync(path, body, ("Idempotency-Key", key));
        Assert.True(status is null ? answer.StatusCode < 300 : answer.StatusCode == status, $"{path}: {answer.Body}");
        var events = "from bank.mt_events where headers ->> 'idempotencyKey' = $1";
        _answered.Add(new(
            $"{path.Split('_')[0]} {path.Split('/')[^1]} {answer.StatusCode}",
            Assert.Single(await this.QueryAsync<Guid>(
                $"select id from platform.receipt where event_id in (select id {events})", key)),
            [.. await this.QueryAsync<Guid>($"select distinct stream_id {events}", key)]));
        return answer;
    }

    private static object Euro(string value) => new { value, currency = "EUR" };
}
