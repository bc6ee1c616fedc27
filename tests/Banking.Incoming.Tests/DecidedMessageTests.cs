using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.Incoming.Receiving;
using Banking.Testing;

namespace Banking.Incoming.Tests;

/// <summary>Commands that a service sends by message are decided like any other, in the name of that service.</summary>
[Collection(nameof(Shared))]
public sealed class DecidedMessageTests(IncomingBank bank)
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task A_message_moves_money_in_the_name_of_the_queues_service()
    {
        Broker.Require();
        var (payer, payee) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync());
        var key = BankClient.NewKey();

        await bank.Broker.SendAsync(
            IncomingBank.CoreQueue,
            IncomingBank.Transfer,
            new JsonObject
            {
                ["commandId"] = key,
                ["from"] = payer,
                ["to"] = payee,
                ["amount"] = new JsonObject { ["value"] = "2.50", ["currency"] = "EUR" },
                ["reference"] = "Invoice 4711",
                ["reason"] = "invoice",
            },
            p => (p.CorrelationId, p.MessageId) = ("order-1", "message-1"));
        await bank.UntilBalanceAsync(payee, "2.50");

        var sent = (await bank.EventsAsync(payer))[^1];
        Assert.Equal(
            ("service:core", "service", "bus", IncomingBank.Transfer, "order-1", "message-1"),
            (sent.Member("actor"), sent.Member("role"), sent.Member("channel"), sent.Member("operation"), sent.Member("correlationId"),
                sent.Member("causationId")));
        Assert.Equal("invoice", sent.GetProperty("reason").Member("text"));
        Assert.Equal("7.50", await _teller.BalanceAsync(payer));
    }

    [Fact]
    public async Task A_command_that_comes_again_is_decided_once()
    {
        Broker.Require();
        var account = await _teller.OpenAsync();
        var command = Messages.Deposit(account, "5.00");

        for (var i = 0; i < 3; i++)
        {
            await bank.Broker.SendAsync(
                IncomingBank.CoreQueue, IncomingBank.Deposit, command, p => p.MessageId = $"{command["commandId"]}-{i}");
        }

        // Another content under the same key is no repeat.
        command["amount"]!["value"] = "6.00";
        await bank.Broker.SendAsync(IncomingBank.CoreQueue, IncomingBank.Deposit, command, p => p.CorrelationId = $"reused-{account}");
        var rejected = await bank.DeadLetterAsync($"reused-{account}");
        await bank.Broker.SendAsync(IncomingBank.CoreQueue, IncomingBank.Deposit, Messages.Deposit(account, "1.00"));
        await bank.UntilBalanceAsync(account, "6.00");

        Assert.Equal("idempotency_key_reused", rejected.Member("code"));
        Assert.Equal(3, (await bank.EventsAsync(account)).Count);
    }

    [Fact]
    public async Task A_repeat_is_recognised_although_Wolverine_stores_nothing_of_the_message()
    {
        Broker.Require();
        var account = await _teller.OpenAsync();
        var answers = $"repeats-{account}";
        await bank.Broker.DeclareAsync(answers);
        var command = Messages.Deposit(account, "5.00");
        var before = await StoredAsync();
        await bank.Broker.SendAsync(IncomingBank.CoreQueue, IncomingBank.Deposit, command);
        await bank.UntilBalanceAsync(account, "5.00");
        Assert.Equal(before, await StoredAsync());

        await bank.Broker.SendAsync(IncomingBank.CoreQueue, IncomingBank.Deposit, command, p => p.ReplyTo = answers);

        Assert.Equal("replayed", JsonElement.Parse((await bank.Broker.TakeAsync(answers)).Body.Span).Member("outcome"));
        Assert.Equal("5.00", await _teller.BalanceAsync(account));
    }

    [Theory]
    [InlineData("user-name")]
    [InlineData("source")]
    [InlineData("banking-actor")]
    [InlineData("banking-causation")]
    [InlineData("message-type")]
    [InlineData("destination")]
    [InlineData("reply-uri")]
    [InlineData("saga-id")]
    [InlineData("tenant-id")]
    [InlineData("parent-id")]
    [InlineData("conversation-id")]
    public async Task No_header_of_the_sender_becomes_the_actor(string header)
    {
        Broker.Require();
        var account = await _teller.OpenAsync();

        await bank.Broker.SendAsync(IncomingBank.CoreQueue, IncomingBank.Deposit, Messages.Deposit(account, "1.00"), p =>
        {
            p.Headers = new Dictionary<string, object?> { [header] = "dev-operator" };
            p.AppId = "dev-operator";
        });
        await bank.UntilBalanceAsync(account, "1.00");

        var deposited = (await bank.EventsAsync(account))[^1];
        Assert.Equal(("service:core", "service", "bus"),
            (deposited.Member("actor"), deposited.Member("role"), deposited.Member("channel")));
        Assert.DoesNotContain("dev-operator", deposited.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_is_recorded_and_no_dead_letter()
    {
        Broker.Require();
        var account = await _teller.OpenAsync(balance: "1.00");

        await bank.Broker.SendAsync(
            IncomingBank.CoreQueue, IncomingBank.Withdraw, Messages.Deposit(account, "2.00"), p => p.CorrelationId = $"refused-{account}");

        var refusal = (await Eventually.UntilAsync(
            async () => (await _teller.GetAsync($"/v1/accounts/{account}/refusals")).Ok().Items(), items => items.Count > 0))[0];
        Assert.Equal("insufficient_funds", refusal.Member("code"));
        Assert.DoesNotContain(await bank.DeadLettersAsync(), m => m.Member("correlationId") == $"refused-{account}");
        await Eventually.UntilAsync(() => bank.Broker.CountAsync(IncomingBank.CoreQueue), waiting => waiting == 0);
    }

    [Fact]
    public async Task A_sender_that_names_a_queue_for_the_answer_gets_it_there()
    {
        Broker.Require();
        var account = await _teller.OpenAsync();
        var answers = $"answers-{account}";
        await bank.Broker.DeclareAsync(answers);
        var deposit = Messages.Deposit(account, "1.00");

        var accepted = await AskAsync(IncomingBank.Deposit, deposit);
        var replayed = await AskAsync(IncomingBank.Deposit, deposit);
        var refused = await AskAsync(IncomingBank.Withdraw, Messages.Deposit(account, "9.00"));
        var rejected = await AskAsync("accounts.close-account.v1", deposit);

        Assert.Equal(("accepted", 201), (accepted.Member("outcome"), accepted.GetProperty("status").GetInt32()));
        Assert.Equal(account, accepted.GetProperty("answer").Member("accountId"));
        Assert.Equal("replayed", replayed.Member("outcome"));
        Assert.Equal(accepted.GetProperty("answer").GetRawText(), replayed.GetProperty("answer").GetRawText());
        Assert.Equal(("refused", "insufficient_funds"), (refused.Member("outcome"), refused.GetProperty("answer").Member("code")));
        Assert.Equal(("rejected", "operation_not_allowed"), (rejected.Member("outcome"), rejected.Member("code")));

        async Task<JsonElement> AskAsync(string type, JsonObject command)
        {
            await bank.Broker.SendAsync(
                IncomingBank.CoreQueue, type, command, p => (p.CorrelationId, p.ReplyTo) = ($"{type} of {account}", answers));
            var answer = await bank.Broker.TakeAsync(answers);
            Assert.Equal(
                ("banking.command-outcome.v1", "application/json", $"{type} of {account}"),
                (answer.BasicProperties.Type, answer.BasicProperties.ContentType, answer.BasicProperties.CorrelationId));
            return JsonElement.Parse(answer.Body.Span);
        }
    }

    [Fact]
    public async Task An_answer_that_no_queue_takes_stops_nothing()
    {
        Broker.Require();
        var account = await _teller.OpenAsync();

        await bank.Broker.SendAsync(
            IncomingBank.CoreQueue, IncomingBank.Deposit, Messages.Deposit(account, "1.00"), p => p.ReplyTo = "no-such-queue");
        await bank.Broker.SendAsync(IncomingBank.CoreQueue, IncomingBank.Deposit, Messages.Deposit(account, "2.00"));

        await bank.UntilBalanceAsync(account, "3.00");
    }

    [Fact]
    public async Task Messages_that_come_together_are_stored_together()
    {
        Broker.Require();
        const int Count = 200;
        var account = await _teller.OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, Count).Select(_ =>
            bank.Broker.SendAsync(IncomingBank.CoreQueue, IncomingBank.Deposit, Messages.Deposit(account, "1.00"))));

        await bank.UntilBalanceAsync(account, $"{Count}.00");

        Assert.True(PublicIdOf(account, out var stream));
        var transactions = await bank.ScalarAsync<long>(
            "select count(distinct xmin::text) from bank.mt_events where stream_id = $1", stream);
        Assert.InRange(transactions, 2, Count / 2);
    }

    /// <summary>The messages of senders that Wolverine's inbox has, such as one that another test lets fail.</summary>
    private Task<long> StoredAsync() => bank.ScalarAsync<long>(
        "select count(*) from wolverine.wolverine_incoming_envelopes where message_type = $1", IncomingMessage.StoredName);

    private static bool PublicIdOf(string account, out Guid id) => SharedKernel.PublicId.TryParse("acc", account, out id);
}
