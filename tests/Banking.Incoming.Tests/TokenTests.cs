using System.Text;
using Banking.Host.Security;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Incoming.Tests;

/// <summary>Messages with tokens: only a valid token of role service has an actor, which is its subject.</summary>
[Collection(nameof(Shared))]
public sealed class TokenTests(IncomingBank bank)
{
    private readonly BankClient _teller = bank.As("teller");

    private DevTokens Tokens => bank.Host.Services.GetRequiredService<DevTokens>();

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task The_subject_of_a_services_token_is_the_actor()
    {
        Broker.Require();
        var account = await _teller.OpenAsync();

        await bank.Broker.SendWithTokenAsync(
            IncomingBank.TokenQueue, IncomingBank.Deposit, Messages.Deposit(account, "1.00"),
            Tokens.Issue("service", null, "payroll", Now));
        await bank.UntilBalanceAsync(account, "1.00");

        var deposited = (await bank.EventsAsync(account))[^1];
        Assert.Equal(("payroll", "service", "bus"), (deposited.Member("actor"), deposited.Member("role"), deposited.Member("channel")));
    }

    [Theory]
    [InlineData("no token", "unauthenticated")]
    [InlineData("garbage", "unauthenticated")]
    [InlineData("an expired token", "unauthenticated")]
    [InlineData("a token that is not valid yet", "unauthenticated")]
    [InlineData("a teller's signature under the claims of a service", "unauthenticated")]
    [InlineData("a teller's token", "not_a_service")]
    [InlineData("a customer's token", "not_a_service")]
    [InlineData("a token in the name of a queue's service", "not_a_service")]
    public async Task Without_a_services_token_nothing_is_decided(string what, string code)
    {
        Broker.Require();
        var account = await _teller.OpenAsync();
        var token = what switch
        {
            "no token" => null,
            "garbage" => "x.y.z",
            "an expired token" => Tokens.Issue("service", null, "payroll", Now.AddHours(-2)),
            "a token that is not valid yet" => Tokens.Issue("service", null, "payroll", Now.AddHours(2)),
            "a teller's signature under the claims of a service" => string.Join(
                '.', [.. Tokens.Issue("service", null, "payroll", Now).Split('.')[..2], bank.Token("teller").Split('.')[2]]),
            "a teller's token" => bank.Token("teller"),
            "a token in the name of a queue's service" => Tokens.Issue("service", null, "service:core", Now),
            _ => bank.Token("customer", await _teller.RegisterAsync()),
        };
        var command = Messages.Deposit(account, "1.00", key: account);

        await bank.Broker.SendAsync(IncomingBank.TokenQueue, IncomingBank.Deposit, command, p =>
        {
            p.CorrelationId = account;
            p.Headers = token is null ? null : new Dictionary<string, object?> { ["authorization"] = "Bearer " + token };
        });

        var dead = await bank.DeadLetterAsync(account);
        Assert.Equal((code, null), (dead.Member("code"), dead.Member("service")));
        Assert.Equal("0.00", await _teller.BalanceAsync(account));
    }

    [Fact]
    public async Task While_the_issuer_cannot_be_reached_messages_wait()
    {
        Broker.Require();
        const string Queue = "commands-issuer";
        await bank.Broker.DeclareAsync(Queue);
        await using var other = new BankOfAnIssuer(bank.Broker.Uri, Queue);
        await other.InitializeAsync();

        await bank.Broker.SendWithTokenAsync(
            Queue, IncomingBank.Deposit, Messages.Deposit("x", "1.00"), Tokens.Issue("service", null, "payroll", Now));

        var health = await Eventually.UntilAsync(
            async () => (await other.Anonymous().GetAsync("/health/ready")).Json.GetProperty("checks").GetProperty("incoming"),
            check => check.Member("why") is not null);
        Assert.Equal("issuer: messages cannot be decided now", health.Member("why"));
        Assert.Equal(0, await other.ScalarAsync<long>("select count(*) from wolverine.wolverine_dead_letters"));
    }

    [Fact]
    public async Task A_token_is_not_stored()
    {
        Broker.Require();
        var token = Tokens.Issue("service", null, "payroll", Now);
        await bank.Broker.SendAsync(IncomingBank.TokenQueue, "accounts.close-account.v1", Messages.Deposit("x", "1.00"), p =>
        {
            p.CorrelationId = "stored-token";
            p.Headers = new Dictionary<string, object?> { ["authorization"] = "Bearer " + token };
        });

        var dead = await bank.DeadLetterAsync("stored-token");

        Assert.Equal(("operation_not_allowed", "payroll"), (dead.Member("code"), dead.Member("service")));
        var stored = await bank.ScalarAsync<byte[]>(
            "select body from wolverine.wolverine_dead_letters where id::text = $1", dead.Member("id")!);
        Assert.DoesNotContain(token.Split('.')[2], Encoding.UTF8.GetString(stored), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_services_token_is_not_accepted_over_HTTP()
    {
        Broker.Require();
        var service = bank.WithToken(Tokens.Issue("service", null, "payroll", Now));

        Assert.Equal(403, (await service.DepositAsync(await _teller.OpenAsync(), "1.00")).StatusCode);
    }

    /// <summary>A bank whose issuer of tokens does not answer.</summary>
    private sealed class BankOfAnIssuer(Uri broker, string queue) : BankFixture
    {
        protected override string[] Settings =>
        [
            .. base.Settings, "--Banking:Auth:Authority=http://localhost:1/", "--Banking:Auth:Audience=bank",
            .. IncomingBank.Listener("issuer", broker, queue, "Tokens=required"),
        ];
    }
}
