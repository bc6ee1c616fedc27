using Banking.Accounts.Contracts;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;

namespace Banking.System.Tests;

/// <summary>Messages are read like requests: all spellings of an account are equal, and times are cut to microseconds.</summary>
public sealed class BusReadingTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private static readonly Currency Euro = Currency.Parse("EUR");

    private readonly BankClient _teller = bank.As("teller");

    public static TheoryData<string> Kinds => [.. Commands.Keys];

    private static readonly Dictionary<string, Func<string, string, string, object>> Commands = new()
    {
        ["deposit"] = (key, account, _) => new DepositMoney(key, account, Eur(1_00), Reason: "test"),
        ["withdrawal"] = (key, account, _) => new WithdrawMoney(key, account, Eur(1_00), Reason: "test"),
        ["transfer"] = (key, account, other) => new TransferMoney(key, account, other, Eur(1_00), Reason: "test"),
        ["freeze"] = (key, account, _) => new FreezeAccount(key, account, FreezeScope.Debit, "wish", "A wish."),
        ["unfreeze"] = (key, account, _) => new UnfreezeAccount(key, account, FreezeScope.All, "wish", "A wish."),
        ["limit"] = (key, account, _) => new ChangeOverdraftLimit(key, account, "5.00", "wish", "A wish."),
        ["close"] = (key, account, _) => new CloseAccount(key, account, "wish", "A wish."),
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Another_spelling_of_an_account_under_a_known_key_is_a_repeat(string kind)
    {
        var (account, other) = (await _teller.OpenAsync(balance: kind == "close" ? null : "10.00"), await _teller.OpenAsync());
        var (number, otherNumber) = (await NumberAsync(account), await NumberAsync(other));
        if (kind == "unfreeze")
        {
            await InvokeAsync(new FreezeAccount(BankClient.NewKey(), account, FreezeScope.All, "wish", "A wish."));
        }

        var key = BankClient.NewKey();
        var first = await InvokeAsync(Commands[kind](key, number.Value, otherNumber.Value));
        Assert.True(first is { Applied: true, Replayed: false }, first.Body);
        foreach (
            var (one, two) in ((string, string)[])
                [
                    (account, other),
                    (number.Grouped, otherNumber.Value.ToLowerInvariant()),
                    (number.Value, other),
                    (number.Value, otherNumber.Value),
                ])
        {
            var again = await InvokeAsync(Commands[kind](key, one, two));
            Assert.Equal((first.Body, first.Version, true), (again.Body, again.Version, again.Replayed));
        }

        var reused = await Assert.ThrowsAsync<CommandRejectedException>(() => InvokeAsync(Commands[kind](key, other, account)));
        Assert.Equal("idempotency_key_reused", reused.Code);
    }

    [Fact]
    public async Task A_reason_equal_to_the_account_number_is_not_normalized()
    {
        var account = await _teller.OpenAsync();
        var number = await NumberAsync(account);
        var key = BankClient.NewKey();
        await InvokeAsync(new DepositMoney(key, number.Value, Eur(1_00), Reason: number.Value));

        var reused = await Assert.ThrowsAsync<CommandRejectedException>(() =>
            InvokeAsync(new DepositMoney(key, number.Value, Eur(1_00), Reason: account)));

        Assert.Equal("idempotency_key_reused", reused.Code);
    }

    [Theory]
    [InlineData("deposit")]
    [InlineData("withdrawal")]
    [InlineData("transfer")]
    [InlineData("opening")]
    public async Task An_effective_time_is_stored_in_microseconds(string kind)
    {
        var opened = bank.Clock.GetUtcNow().AddDays(-2);
        var account = await _teller.OpenAsync(balance: "10.00", effectiveAt: opened);
        (await _teller.PostAsync("/v1/deposits", new
        {
            accountId = account,
            amount = new { value = "5.00", currency = "EUR" },
            reason = "test",
            effectiveAt = opened,
        })).Created();
        var payee = await _teller.OpenAsync(effectiveAt: opened);
        var at = Cut(opened.AddHours(1)).AddTicks(7);
        object command = kind switch
        {
            "deposit" => new DepositMoney(BankClient.NewKey(), account, Eur(1_00), EffectiveAt: at, Reason: "test"),
            "withdrawal" => new WithdrawMoney(BankClient.NewKey(), account, Eur(1_00), EffectiveAt: at, Reason: "test"),
            "transfer" => new TransferMoney(BankClient.NewKey(), account, payee, Eur(1_00), at, Reason: "test"),
            _ => new OpenAccount(BankClient.NewKey(), await _teller.RegisterAsync(), Euro, "current", EffectiveAt: at, Reason: "test"),
        };

        var answer = await InvokeAsync(command);
        var again = await InvokeAsync(command);

        Assert.True(answer.Status == 201, answer.Body);
        Assert.Equal((answer.Body, true), (again.Body, again.Replayed));
        Assert.Equal(
            1,
            await bank.CountAsync(
                "bank.mt_events where seq_id = $1 and (data ->> 'effectiveAt')::timestamptz = $2 "
                    + "and data ->> 'effectiveAt' !~ '[.][0-9]{7}'",
                answer.Position!.Value,
                Cut(at)));
    }

    [Fact]
    public async Task A_time_outside_the_range_of_requests_is_rejected()
    {
        var account = await _teller.OpenAsync();
        var command = new DepositMoney(BankClient.NewKey(), account, Eur(1_00), EffectiveAt: DateTimeOffset.MinValue, Reason: "test");

        var rejected = await Assert.ThrowsAsync<CommandRejectedException>(() => InvokeAsync(command));

        Assert.Equal("invalid_time", rejected.Code);
    }

    private async Task<AccountNumber> NumberAsync(string account) =>
        AccountNumber.Parse((await _teller.GetAsync($"/v1/accounts/{account}")).Ok().Text("number"));

    private async Task<CommandReply> InvokeAsync(object command)
    {
        await using var scope = bank.Host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<IMessageBus>().InvokeAsync<CommandReply>(command);
    }

    private static DateTimeOffset Cut(DateTimeOffset at) => new(at.Ticks - (at.Ticks % TimeSpan.TicksPerMicrosecond), at.Offset);

    private static Money Eur(long cents) => new(cents, Euro);
}
