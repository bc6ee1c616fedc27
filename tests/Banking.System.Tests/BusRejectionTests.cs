using Banking.Accounts.Contracts;
using Banking.Accounts.Features;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.Customers.Contracts;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;
using Wolverine.Tracking;

namespace Banking.System.Tests;

/// <summary>Messages that cannot be decided: an invocation throws, a published message becomes a dead letter.</summary>
public sealed class BusRejectionTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private static readonly Currency Euro = Currency.Parse("EUR");

    private readonly BankClient _teller = bank.As("teller");

    public static TheoryData<string> Malformed => [.. Malformations.Keys];

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task A_message_that_cannot_be_decided_is_rejected_when_invoked_and_a_dead_letter_when_published(string name)
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        var customer = await _teller.RegisterAsync();
        var (command, code) = Malformations[name];
        var message = command(account, customer);
        var before = await bank.RowsAsync();

        var rejected = await Assert.ThrowsAsync<CommandRejectedException>(() => InvokeAsync(message));
        Assert.Equal(code, rejected.Code);
        Assert.Equal(before, await bank.RowsAsync());

        var letters = await bank.CountAsync("wolverine.wolverine_dead_letters where exception_message like $1", code + ":%");
        var session = await bank
            .Host.TrackActivity()
            .Timeout(TimeSpan.FromSeconds(30))
            .DoNotAssertOnExceptionsDetected()
            .PublishMessageAndWaitAsync(message);
        Assert.Single(session.MovedToErrorQueue.Envelopes());
        Assert.Equal(letters + 1, await bank.CountAsync("wolverine.wolverine_dead_letters where exception_message like $1", code + ":%"));
        Assert.Equal("10.00", await _teller.BalanceAsync(account));
    }

    [Theory]
    [InlineData("rabbitmq://queue/commands")]
    [InlineData("kafka://topic/commands")]
    [InlineData("tcp://localhost:5000")]
    public async Task A_message_of_a_listener_that_identifies_no_sender_is_rejected(string listener)
    {
        var account = await _teller.OpenAsync();
        var command = new DepositMoney(Key(), account, Eur(1), Reason: "test");
        // Wolverine's listeners set the destination to their own address, and read the other values from the message.
        var envelope = new Envelope(command) { Destination = new(listener), UserName = "dev-teller", Source = "banking" };

        var rejected = await Assert.ThrowsAsync<CommandRejectedException>(() => DepositMoneyHandler.Handle(
            command, envelope, bank.Host.Services.GetRequiredService<AccountCommands>(), TestContext.Current.CancellationToken));

        Assert.Equal("unauthenticated", rejected.Code);
        Assert.Equal("0.00", await _teller.BalanceAsync(account));
    }

    private static readonly Dictionary<string, (Func<string, string, object> Command, string Code)> Malformations = new()
    {
        ["no account"] = (
            (_, _) => new DepositMoney(Key(), "acc_0198f000000070008000000000000001", Eur(1), Reason: "test"), "account_not_found"),
        ["a malformed account id"] = ((_, _) => new DepositMoney(Key(), "garb\0age", Eur(1), Reason: "test"), "account_not_found"),
        ["no customer"] = ((_, _) => new OpenAccount(Key(), "cus_0198f000000070008000000000000001", Euro, "current"), "customer_not_found"),
        ["no key"] = ((a, _) => new DepositMoney("", a, Eur(1), Reason: "test"), "command_id_missing"),
        ["a null for a key"] = ((a, _) => new DepositMoney(null!, a, Eur(1), Reason: "test"), "command_id_missing"),
        ["a key too long"] = ((a, _) => new DepositMoney(new('k', 256), a, Eur(1), Reason: "test"), "command_id_missing"),
        ["a key that cannot be stored"] = ((a, _) => new DepositMoney("k\0", a, Eur(1), Reason: "test"), "command_id_missing"),
        ["zero"] = ((a, _) => new DepositMoney(Key(), a, Eur(0), Reason: "test"), "amount_not_positive"),
        ["a negative amount"] = ((a, _) => new WithdrawMoney(Key(), a, Eur(-1), Reason: "test"), "amount_not_positive"),
        ["too much"] = ((a, _) => new DepositMoney(Key(), a, Eur(long.MaxValue), Reason: "test"), "invalid_amount"),
        ["a reason that cannot be stored"] = ((a, _) => new DepositMoney(Key(), a, Eur(1), Reason: "a\0b"), "invalid_text"),
        ["half a surrogate pair"] = ((a, _) => new DepositMoney(Key(), a, Eur(1), Reference: "\ud800", Reason: "test"), "invalid_text"),
        ["an unknown bank side"] = ((a, _) => new DepositMoney(Key(), a, Eur(1), (BankSide)99, Reason: "test"), "unknown_value"),
        ["an unknown scope"] = ((a, _) => new FreezeAccount(Key(), a, (FreezeScope)99, "wish", "A wish."), "unknown_value"),
        ["no reason code"] = ((a, _) => new FreezeAccount(Key(), a, FreezeScope.All, "", "A wish."), "reason_required"),
        ["a null for a reason code"] = ((a, _) => new FreezeAccount(Key(), a, FreezeScope.All, null!, "A wish."), "reason_required"),
        ["a null for a reason"] = ((a, _) => new CloseAccount(Key(), a, "wish", null!), "reason_required"),
        ["a null for a limit"] = ((a, _) => new ChangeOverdraftLimit(Key(), a, null!, "wish", "A wish."), "invalid_amount"),
        ["a null for an account"] = ((_, _) => new DepositMoney(Key(), null!, Eur(1), Reason: "test"), "account_not_found"),
        ["a null for a product"] = ((_, c) => new OpenAccount(Key(), c, Euro, null!), "invalid_text"),
        ["a withdrawn currency"] = ((_, c) => new OpenAccount(Key(), c, Currency.FromStored("HRK", 2), "current"), "unknown_currency"),
        ["a limit in another currency"] = ((_, c) =>
            new OpenAccount(Key(), c, Currency.Parse("USD"), "current", Eur(1)), "currency_mismatch"),
        ["a limit below zero"] = ((_, c) => new OpenAccount(Key(), c, Euro, "current", Eur(-1)), "invalid_amount"),
        ["a null for a name"] = ((_, _) => new RegisterCustomer(Key(), null!), "invalid_text"),
    };

    private async Task<CommandReply> InvokeAsync(object command)
    {
        await using var scope = bank.Host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<IMessageBus>().InvokeAsync<CommandReply>(command);
    }

    private static string Key() => BankClient.NewKey();

    private static Money Eur(long cents) => new(cents, Euro);
}
