using System.Text;
using System.Text.Json.Nodes;
using Banking.Commands.Groups;
using Banking.Incoming.Receiving;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using Wolverine;
using Wolverine.Runtime;

namespace Banking.Incoming.Tests;

/// <summary>Messages that can never be decided are dead letters with a code; the next message is decided.</summary>
[Collection(nameof(Shared))]
public sealed class RejectedMessageTests(IncomingBank bank)
{
    private readonly BankClient _teller = bank.As("teller");

    public static TheoryData<string> Malformed => [.. Malformations.Keys];

    private static readonly Dictionary<string, Malformation> Malformations = new()
    {
        ["malformed JSON"] = new("malformed_json", Body: _ => "{\"commandId\""),
        ["no body"] = new("malformed_json", Body: _ => ""),
        ["null"] = new("malformed_json", Body: _ => "null"),
        ["an unknown member"] = new("malformed_json", a => With(a, "acount", "x")),
        ["a member twice"] = new("malformed_json", Body: a => Messages.Deposit(a, "1.00").ToJsonString()[..^1] + ",\"account\":\"x\"}"),
        ["a body of 2 MB"] = new("body_too_large", Body: a => Messages.Deposit(a, "1.00").ToJsonString() + new string(' ', 2_000_000)),
        ["no key"] = new("malformed_json", a => Without(a, "commandId")),
        ["an empty key"] = new("command_id_missing", a => With(a, "commandId", "")),
        ["no such account"] = new("account_not_found", _ => Messages.Deposit("acc_0198f000000070008000000000000001", "1.00")),
        ["no reason"] = new("reason_required", a => Without(a, "reason")),
        ["a number for an amount"] = new("malformed_json", a => With(a, "amount", 1)),
        ["an amount in the stored form"] = new(
            "malformed_json", a => With(a, "amount", JsonNode.Parse("""{"minor":100,"currency":"EUR","scale":2}"""))),
        ["too many decimals"] = new("malformed_json", a => Messages.Deposit(a, "1.001")),
        ["a negative amount"] = new("malformed_json", a => Messages.Deposit(a, "-1.00")),
        ["zero"] = new("amount_not_positive", a => Messages.Deposit(a, "0.00")),
        ["no type"] = new("unknown_command", Type: null),
        ["an unknown type"] = new("unknown_command", Type: "accounts.print-money.v1"),
        ["a type name of .NET"] = new("unknown_command", Type: "Banking.Accounts.Contracts.DepositMoney"),
        ["a message between modules"] = new("unknown_command", Type: "accounts.account-was-closed.v1"),
        ["an operation that is not on the list"] = new("operation_not_allowed", Type: "accounts.close-account.v1"),
        ["no content type"] = new("unsupported_media_type", Change: p => p.ContentType = null),
        ["another content type"] = new("unsupported_media_type", Change: p => p.ContentType = "application/xml"),
        ["a malformed content type"] = new("unsupported_media_type", Change: p => p.ContentType = ";;"),
        ["a compressed body"] = new("unsupported_media_type", Change: p => p.ContentEncoding = "gzip"),
        ["a token where none is read"] = new("authorization_not_accepted", Change: p =>
            p.Headers = new Dictionary<string, object?> { ["authorization"] = "Bearer x" }),
        ["a causation id that cannot be stored"] = new("malformed_causation_id", Change: p =>
            p.Headers = new Dictionary<string, object?> { ["causation-id"] = "a\0b" }),
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task A_message_that_cannot_be_decided_is_a_dead_letter_and_the_next_is_decided(string name)
    {
        Broker.Require();
        var malformed = Malformations[name];
        var account = await _teller.OpenAsync();
        var command = malformed.Command?.Invoke(account) ?? Messages.Deposit(account, "1.00");
        var bytes = Encoding.UTF8.GetBytes(malformed.Body?.Invoke(account) ?? command.ToJsonString());

        await bank.Broker.SendAsync(IncomingBank.CoreQueue, malformed.Type, bytes, p =>
        {
            p.CorrelationId = account;
            malformed.Change?.Invoke(p);
        });

        var dead = await bank.DeadLetterAsync(account);
        Assert.Equal((malformed.Code, "core", malformed.Type), (dead.Member("code"), dead.Member("queue"), dead.Member("type")));
        Assert.NotEmpty(dead.Member("detail")!);
        await bank.Broker.SendAsync(IncomingBank.CoreQueue, IncomingBank.Deposit, Messages.Deposit(account, "3.00"));
        await bank.UntilBalanceAsync(account, "3.00");
    }

    [Fact]
    public async Task A_correlation_id_that_cannot_be_stored_is_a_dead_letter()
    {
        Broker.Require();
        var account = await _teller.OpenAsync();

        await bank.Broker.SendAsync(
            IncomingBank.CoreQueue, IncomingBank.Deposit, Messages.Deposit(account, "1.00"), p => p.CorrelationId = "a\tb");

        Assert.Equal("malformed_correlation_id", (await bank.DeadLetterAsync("a\tb")).Member("code"));
        Assert.Equal("0.00", await _teller.BalanceAsync(account));
    }

    [Fact]
    public async Task Of_a_body_that_is_too_large_nothing_is_stored()
    {
        Broker.Require();
        var body = Encoding.UTF8.GetBytes(Messages.Deposit("x", "1.00").ToJsonString() + new string(' ', 2_000_000));

        await bank.Broker.SendAsync(IncomingBank.CoreQueue, IncomingBank.Deposit, body, p => p.CorrelationId = "large");

        var dead = await bank.DeadLetterAsync("large");
        var stored = await bank.ScalarAsync<int>(
            "select length(body) from wolverine.wolverine_dead_letters where id::text = $1", dead.Member("id")!);
        Assert.InRange(stored, 1, 10_000);
    }

    [Fact]
    public async Task A_command_that_the_bank_fails_to_decide_is_a_dead_letter_and_holds_up_no_other()
    {
        Broker.Require();
        var (failing, other) = (await _teller.OpenAsync(), await _teller.OpenAsync());
        await using var forged = bank.Owner.CreateCommand(
            """
            create function bank.refuse_66() returns trigger language plpgsql as $$ begin raise exception 'forged'; end $$;
            create trigger refuse_66 before insert on bank.mt_events for each row
                when (new.data -> 'amount' ->> 'minor' = '6666') execute function bank.refuse_66()
            """);
        await Deadlocks.RetryAsync(() => forged.ExecuteNonQueryAsync());
        try
        {
            // As many as this host decides at the same time.
            for (var i = 0; i < 16; i++)
            {
                await bank.Broker.SendAsync(
                    IncomingBank.CoreQueue, IncomingBank.Deposit, Messages.Deposit(failing, "66.66"), p => p.CorrelationId = failing);
            }

            await bank.Broker.SendAsync(IncomingBank.CoreQueue, IncomingBank.Deposit, Messages.Deposit(other, "1.00"));

            await bank.UntilBalanceAsync(other, "1.00");
            Assert.Equal("internal_error", (await bank.DeadLetterAsync(failing)).Member("code"));
        }
        finally
        {
            await using var mended = bank.Owner.CreateCommand("drop function bank.refuse_66() cascade");
            await Deadlocks.RetryAsync(() => mended.ExecuteNonQueryAsync());
        }
    }

    [Fact]
    public async Task A_replayed_dead_letter_is_decided_in_the_name_of_its_sender()
    {
        Broker.Require();
        var number = AccountNumber.Create("XB", "INCM000000000001").Value;
        await bank.Broker.SendAsync(
            IncomingBank.CoreQueue, IncomingBank.Deposit, Messages.Deposit(number, "7.00"), p => p.CorrelationId = "replayed");
        var dead = await bank.DeadLetterAsync("replayed");
        Assert.Equal("account_not_found", dead.Member("code"));
        var account = (await _teller.PostAsync(
            "/v1/accounts", new { customerId = await _teller.RegisterAsync(), currency = "EUR", number })).Created().Text("id");

        await bank.ScalarAsync<Guid>(
            "update wolverine.wolverine_dead_letters set replayable = true where id::text = $1 returning id", dead.Member("id")!);
        await bank.UntilBalanceAsync(account, "7.00");

        var deposited = (await bank.EventsAsync(account))[^1];
        Assert.Equal(("service:core", "replayed"), (deposited.Member("actor"), deposited.Member("correlationId")));
        Assert.DoesNotContain(await bank.DeadLettersAsync(), m => m.Member("correlationId") == "replayed");
    }

    [Fact]
    public async Task A_message_of_a_listener_that_says_that_its_sender_was_checked_is_rejected()
    {
        Broker.Require();
        var account = await _teller.OpenAsync();
        var message = new IncomingMessage(
            "core", "service:core", null, IncomingBank.Deposit, "application/json", null, "forged", null,
            bank.Clock.GetUtcNow(), Encoding.UTF8.GetBytes(Messages.Deposit(account, "1.00").ToJsonString()));
        var envelope = new Envelope(message) { Destination = new("rabbitmq://queue/commands") };

        var rejected = await Assert.ThrowsAsync<CommandRejectedException>(() => IncomingMessageHandler.Handle(
            message, envelope, bank.Host.Services.GetRequiredService<IncomingCommands>(), TestContext.Current.CancellationToken));

        Assert.Equal("unauthenticated", rejected.Code);
        Assert.Equal("0.00", await _teller.BalanceAsync(account));
    }

    [Fact]
    public async Task Dead_letters_are_counted_by_code_and_keep_the_message()
    {
        Broker.Require();
        var account = await _teller.OpenAsync();
        var command = Messages.Deposit(account, "4.00");
        await bank.Broker.SendAsync(IncomingBank.CoreQueue, "accounts.close-account.v1", command, p => p.CorrelationId = account);
        var dead = await bank.DeadLetterAsync(account);

        var groups = (await bank.As("auditor").GetAsync("/ops/incoming/dead-letters")).Ok().Json.GetProperty("groups").EnumerateArray();
        Assert.Contains(groups, g => g.Member("code") == "operation_not_allowed" && g.GetProperty("messages").GetInt64() > 0);
        Assert.Equal("service:core", dead.Member("service"));
        var stored = await bank.ScalarAsync<byte[]>(
            "select body from wolverine.wolverine_dead_letters where id::text = $1", dead.Member("id")!);
        Assert.Contains(
            Convert.ToBase64String(Encoding.UTF8.GetBytes(command.ToJsonString())),
            Encoding.UTF8.GetString(stored).Replace("\\u002B", "+", StringComparison.Ordinal),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no envelope")]
    [InlineData("")]
    public async Task A_dead_letter_that_cannot_be_read_is_listed_by_its_id_and_hides_no_other(string body)
    {
        var runtime = bank.Host.Services.GetRequiredService<IWolverineRuntime>();
        foreach (var correlation in (string[])["readable", "forged"])
        {
            await new DeadLetters(runtime).StoreAsync(
                new("core", null, null, null, null, null, correlation, null, bank.Clock.GetUtcNow(), default),
                new("account_not_found", "There is none."));
        }

        var id = Guid.Parse((await bank.DeadLetterAsync("forged")).Member("id")!);
        await bank.ScalarAsync<Guid>(
            "update wolverine.wolverine_dead_letters set body = $1 where id = $2 returning id", Encoding.UTF8.GetBytes(body), id);
        try
        {
            var answer = (await bank.As("auditor").GetAsync("/ops/incoming/dead-letters")).Ok();

            var unreadable = Assert.Single(answer.Json.GetProperty("unreadable").EnumerateArray());
            Assert.Equal(
                (id.ToString(), "account_not_found", "There is none."),
                (unreadable.Member("id"), unreadable.Member("code"), unreadable.Member("detail")));
            Assert.NotEmpty(unreadable.Member("problem")!);
            Assert.Contains(answer.Items(), m => m.Member("correlationId") == "readable");
            Assert.DoesNotContain(answer.Items(), m => m.Member("id") == id.ToString());
        }
        finally
        {
            await bank.ScalarAsync<Guid>("delete from wolverine.wolverine_dead_letters where id = $1 returning id", id);
        }
    }

    private static JsonObject With(string account, string name, JsonNode? value)
    {
        var command = Messages.Deposit(account, "1.00");
        command[name] = value;
        return command;
    }

    private static JsonObject Without(string account, string name)
    {
        var command = Messages.Deposit(account, "1.00");
        command.Remove(name);
        return command;
    }

    private sealed record Malformation(
        string Code,
        Func<string, JsonObject>? Command = null,
        Func<string, string>? Body = null,
        string? Type = IncomingBank.Deposit,
        Action<BasicProperties>? Change = null);
}
