using Banking.EventStore.Published;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Publishing.Tests;

/// <summary>
/// At one webhook an account is blocked by an event that was rejected, and the stream of its statements by one that cannot be read. In
/// whichever order both are blocked and released, each event arrives once, and none before an earlier one of the account.
/// </summary>
public sealed class BlockedStatementTests(WebhookBank bank) : IClassFixture<WebhookBank>, IAsyncLifetime
{
    private const string Deposit = "banking.account.money-deposited.v1";
    private const string Statement = "banking.account.statement-issued.v1";

    private readonly BankClient _teller = bank.As("teller");

    public async ValueTask InitializeAsync() => await Spoiled.PrepareAsync(bank);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("statement first", "repaired first", "statement deposit statement deposit")]
    [InlineData("statement first", "replayed first", "deposit deposit statement statement")]
    [InlineData("deposit first", "repaired first", "deposit deposit statement statement")]
    [InlineData("deposit first", "replayed first", "deposit deposit statement statement")]
    public async Task Each_event_arrives_once_and_in_order(string recorded, string released, string arrived)
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var rejects = true;
        receiver.Answer = d => rejects && d.Type == Deposit ? 422 : 204;
        var (account, destination) = await RegisterAsync(receiver);
        var statements = StatementsOf(account);
        await Spoiled.NextAsync(bank, statements);
        Func<Task>[] first = [() => IssueAsync(account, "2026-10-20", "2026-10-25"), () => DepositAsync(account)];
        foreach (var record in recorded == "statement first" ? first : first.Reverse())
        {
            await record();
        }

        await IssueAsync(account, "2026-10-25", "2026-11-01");
        await DepositAsync(account);
        await PassedAsync(destination);
        Assert.Equal(2, await BlockedAsync(destination));

        if (released == "repaired first")
        {
            await Spoiled.RepairAsync(bank, statements);
            // It is either released, or waits for the account, which was blocked before.
            await Eventually.UntilAsync(
                () => BlockedAsync(destination, "account = $2 and release is null", statements), blocked => blocked == 0);
            rejects = false;
            await ReplayAsync(account);
        }
        else
        {
            rejects = false;
            await ReplayAsync(account);
            await Eventually.UntilAsync(() => BlockedAsync(destination), blocked => blocked == 1);
            Assert.Equal("blocked", await StateOfLastAsync(statements, destination));
            await Spoiled.RepairAsync(bank, statements);
        }

        await Eventually.UntilAsync(() => BlockedAsync(destination), blocked => blocked == 0);
        var accepted = receiver.All.Where(d => d.Answered < 300).ToList();
        Assert.Equal(arrived, string.Join(' ', accepted.Select(d => d.Type == Deposit ? "deposit" : "statement")));
        Assert.All(
            accepted.GroupBy(d => d.Type, d => d.Position), positions => Assert.Equal(positions.Order(), positions));
        Assert.Equal("acknowledged", await StateOfLastAsync(statements, destination));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_discarded_statement_is_not_delivered_with_its_account_which_an_earlier_event_blocks(bool isRepairedFirst)
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var rejects = true;
        receiver.Answer = _ => rejects ? 422 : 204;
        var (account, destination) = await RegisterAsync(receiver);
        var statements = StatementsOf(account);
        await DepositAsync(account);
        await Spoiled.NextAsync(bank, statements);
        await IssueAsync(account, "2026-10-20", "2026-10-25");
        await PassedAsync(destination);
        Assert.Equal(1, await BlockedAsync(destination, "cause = 'unreadable'"));

        Assert.Equal(202, (await bank.AskAsync(
            "/ops/dead-letters/discard",
            new { destination, cause = "unreadable", reasonCode = "unwanted", reason = "A test." })).StatusCode);
        await Eventually.UntilAsync(() => BlockedAsync(destination), blocked => blocked == 1);
        if (isRepairedFirst)
        {
            await Spoiled.RepairAsync(bank, statements);
            Assert.Equal("discarded", await StateOfLastAsync(statements, destination));
        }

        rejects = false;
        await ReplayAsync(account);
        await Eventually.UntilAsync(() => BlockedAsync(destination), blocked => blocked == 0);
        await DepositAsync(account);
        await receiver.TookAsync(2);
        Assert.Equal([Deposit, Deposit], receiver.Taken.Select(d => d.Type));
        Assert.Equal(0, await BlockedAsync(destination));
        await Spoiled.RepairAsync(bank, statements);
        Assert.Equal("discarded", await StateOfLastAsync(statements, destination));
    }

    [Fact]
    public async Task An_event_that_stays_unreadable_is_not_tried_again_and_delays_no_later_one_that_was_repaired()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var (unreadable, destination) = await RegisterAsync(receiver);
        var repaired = await _teller.OpenAsync();
        await using var other = await WebhookReceiver.StartAsync();
        var next = $"webhook:{await bank.RegisterWebhookAsync(other.Url, [Deposit], [repaired])}";
        foreach (var account in (string[])[unreadable, repaired])
        {
            await Spoiled.NextAsync(bank, IdOf(account));
            await DepositAsync(account);
        }

        await PassedAsync(destination);
        await PassedAsync(next);
        Assert.Equal((1, 1), (await BlockedAsync(destination), await BlockedAsync(next)));
        await Spoiled.RepairAsync(bank, IdOf(repaired));

        await other.TookAsync(1);
        Assert.Equal(1, await BlockedAsync(destination, "account = $2 and attempts = 1 and release is null", IdOf(unreadable)));
        Assert.Empty(receiver.All);
        await Spoiled.RepairAsync(bank, IdOf(unreadable));
        await receiver.TookAsync(1);
    }

    [Fact]
    public async Task A_rejected_event_and_a_later_one_of_a_paused_type_in_one_page_block_the_account_once()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var rejects = true;
        receiver.Answer = _ => rejects ? 422 : 204;
        var (account, destination) = await RegisterAsync(receiver);
        await PauseAsync(destination, "hold", null);
        await PauseAsync(destination, "hold", Statement);
        await DepositAsync(account);
        await IssueAsync(account, "2026-10-20", "2026-10-25");

        await PauseAsync(destination, "release", null);

        await Eventually.UntilAsync(() => BlockedAsync(destination), blocked => blocked == 1);
        Assert.Equal(0, await BlockedAsync(destination, "cause = 'held'"));
        rejects = false;
        await ReplayAsync(account);
        await Eventually.UntilAsync(() => BlockedAsync(destination, "cause = 'held'"), paused => paused == 1);
        await PauseAsync(destination, "release", Statement);
        await receiver.TookAsync(2);
        Assert.Equal([Deposit, Statement], receiver.Taken.Select(d => d.Type));
    }

    /// <summary>Registers a webhook for a new account, and waits for its publisher.</summary>
    private async Task<(string Account, string Destination)> RegisterAsync(WebhookReceiver receiver)
    {
        var account = await _teller.OpenAsync(effectiveAt: new(2026, 10, 20, 8, 0, 0, TimeSpan.Zero));
        var destination = $"webhook:{await bank.RegisterWebhookAsync(receiver.Url, [Deposit, Statement], [account])}";
        await PassedAsync(destination);
        return (account, destination);
    }

    private async Task DepositAsync(string account) => (await _teller.DepositAsync(account, "1.00")).Created();

    private async Task IssueAsync(string account, string from, string to) => (await _teller.PostAsync(
        $"/v1/accounts/{account}/statements", new { from, to }, ("Idempotency-Key", BankClient.NewKey()))).Created();

    private async Task PauseAsync(string destination, string how, string? type) =>
        (await bank.AskAsync($"/ops/outbox/{destination}/{how}", new { type, reasonCode = "test", reason = "A test." })).Ok();

    private async Task ReplayAsync(string account) => Assert.Equal(
        202, (await bank.AskAsync("/ops/dead-letters/replay", new { account, reasonCode = "fixed", reason = "A test." })).StatusCode);

    /// <summary>What became of the last event of a stream at a destination.</summary>
    private async Task<string?> StateOfLastAsync(Guid stream, string destination)
    {
        var id = (await bank.QueryAsync<Guid>(
            "select id from bank.mt_events where stream_id = $1 order by version desc limit 1", stream))[0];
        return (await bank.As("auditor").GetAsync($"/v1/feed/deliveries?eventId={PublicId.Format("evt", id)}")).Ok().Items()
            .Single(d => d.Text("destination") == destination).Text("state");
    }

    private Guid StatementsOf(string account) =>
        bank.Host.Services.GetRequiredService<PublicContracts>().StreamsAbout(IdOf(account)).Last();

    private async Task<long> BlockedAsync(string destination, string condition = "true", params object[] values) => (
        await bank.QueryAsync<long>(
            $"select count(*) from publishing.blocked_account where publisher = $1 and {condition}", [destination, .. values]))[0];

    /// <summary>Waits until the destination is past all events.</summary>
    private async Task PassedAsync(string destination)
    {
        var end = (await bank.QueryAsync<long>("select max(seq_id) from bank.mt_events"))[0];
        await Eventually.UntilAsync(
            () => bank.QueryAsync<long>("select position from publishing.publisher where name = $1", destination),
            positions => positions is [var position] && position >= end);
    }

    private static Guid IdOf(string account) =>
        PublicId.TryParse("acc", account, out var id) ? id : throw new FormatException(account);
}
