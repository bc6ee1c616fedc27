using System.Text.Json;
using Banking.Accounts.Contracts;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.Customers.Contracts;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;
using Wolverine.Tracking;

namespace Banking.System.Tests;

/// <summary>Commands as messages: they are decided like requests.</summary>
public sealed class BusTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private static readonly Currency Euro = Currency.Parse("EUR");

    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task Every_command_can_be_sent_as_a_message()
    {
        var customer = Id(await InvokeAsync(new RegisterCustomer(Key(), "Ada", "ada@example.org")), 201);
        var account = Id(await InvokeAsync(new OpenAccount(Key(), customer, Euro, "current")), 201);
        var other = Id(await InvokeAsync(new OpenAccount(Key(), customer, Euro, "savings", Eur(50_00))), 201);
        Id(await InvokeAsync(new DepositMoney(Key(), account, Eur(100_00), BankSide.Settlement, Reference: "R", Reason: "wage")), 201);
        Id(await InvokeAsync(new WithdrawMoney(Key(), account, Eur(10_00), BankSide.Fees, Reason: "test")), 201);
        Id(await InvokeAsync(new TransferMoney(Key(), account, other, Eur(30_00), Reason: "test")), 201);
        Id(await InvokeAsync(new FreezeAccount(Key(), account, FreezeScope.Debit, "fraud", "It looks odd.")), 200);
        Id(await InvokeAsync(new UnfreezeAccount(Key(), account, FreezeScope.All, "fraud", "It was not.")), 200);
        Id(await InvokeAsync(new ChangeOverdraftLimit(Key(), account, "5.00", "wish", "A wish.")), 200);
        Id(await InvokeAsync(new TransferMoney(Key(), account, other, Eur(60_00), Reason: "test")), 201);
        var closed = await InvokeAsync(new CloseAccount(Key(), account, "wish", "A wish."));

        Assert.Equal((200, 9, true, true, false), (closed.Status, closed.Version, closed.Applied, closed.Recorded, closed.Replayed));
        Assert.Equal(closed.Body, (await _teller.GetAsync($"/v1/accounts/{account}")).Ok().Body);
        Assert.Equal("90.00", await _teller.BalanceAsync(other));
        var events = (await _teller.GetAsync($"/v1/accounts/{account}/events")).Ok().Items();
        Assert.All(events, e => Assert.Equal(("bus", "service", "service:banking"),
            (Text(e, "channel"), Text(e, "role"), Text(e, "actor"))));
        Assert.Equal(
            ("accounts.freeze-account.v1", "fraud", "It looks odd."),
            (Text(events[4], "operation"), Text(events[4].GetProperty("reason"), "code"), Text(events[4].GetProperty("reason"), "text")));
        Assert.All(events, e => Assert.NotEmpty(Text(e, "correlationId")!));
        Assert.All(events, e => Assert.NotEmpty(Text(e, "causationId")!));
    }

    [Fact]
    public async Task A_refusal_is_answered_and_recorded()
    {
        var account = await _teller.OpenAsync(balance: "1.00");

        var no = await InvokeAsync(new WithdrawMoney("too-much", account, Eur(2_00), Reason: "a wish"));

        Assert.Equal((422, false, true, false), (no.Status, no.Applied, no.Recorded, no.Replayed));
        Assert.Equal("insufficient_funds", Text(JsonDocument.Parse(no.Body).RootElement, "code"));
        var recorded = Assert.Single((await _teller.GetAsync($"/v1/accounts/{account}/refusals")).Ok().Items());
        Assert.Equal(("bus", "too-much", "accounts.withdraw-money.v1"),
            (Text(recorded, "channel"), Text(recorded, "idempotencyKey"), Text(recorded, "operation")));
        var again = await InvokeAsync(new WithdrawMoney("too-much", account, Eur(2_00), Reason: "a wish"));
        Assert.Equal((no.Status, no.Body, true), (again.Status, again.Body, again.Replayed));
        Assert.Single((await _teller.GetAsync($"/v1/accounts/{account}/refusals")).Ok().Items());
    }

    [Fact]
    public async Task A_command_sent_twice_is_executed_once()
    {
        var account = await _teller.OpenAsync();
        var command = new DepositMoney(Key(), account, Eur(5_00), Reason: "test");

        var first = await InvokeAsync(command);
        var second = await InvokeAsync(command);
        await bank.Host.TrackActivity().Timeout(TimeSpan.FromSeconds(30)).SendMessageAndWaitAsync(command);

        Assert.Equal((first.Body, first.Version, first.Position, true), (second.Body, second.Version, second.Position, second.Replayed));
        Assert.Equal("5.00", await _teller.BalanceAsync(account));
        var reused = await Assert.ThrowsAsync<CommandRejectedException>(() => InvokeAsync(command with { Amount = Eur(6_00) }));
        Assert.Equal("idempotency_key_reused", reused.Code);
    }

    [Fact]
    public async Task A_published_command_is_executed()
    {
        var account = await _teller.OpenAsync();

        await bank.Host.TrackActivity().Timeout(TimeSpan.FromSeconds(30)).PublishMessageAndWaitAsync(new DepositMoney(Key(), account,
            Eur(5_00), Reason: "test"));

        Assert.Equal("5.00", await _teller.BalanceAsync(account));
    }

    private async Task<CommandReply> InvokeAsync(object command)
    {
        await using var scope = bank.Host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<IMessageBus>().InvokeAsync<CommandReply>(command);
    }

    private static string Key() => BankClient.NewKey();

    private static Money Eur(long cents) => new(cents, Euro);

    private static string Id(CommandReply reply, int status)
    {
        Assert.True(reply.Status == status && reply.Applied, reply.Body);
        return JsonDocument.Parse(reply.Body).RootElement.GetProperty("id").GetString()!;
    }

    private static string? Text(JsonElement item, string member) => item.TryGetProperty(member, out var value) ? value.GetString() : null;
}
