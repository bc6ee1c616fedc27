using Banking.Accounts.Domain;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Callers;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.System.Tests;

/// <summary>Delegates use an account like its owner; unknown customers see nothing.</summary>
public sealed class DelegateTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private const string Missing = "0198f000000070008000000000000001";

    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task A_delegate_uses_the_account_like_its_owner()
    {
        var (_, account) = await CustomerAsync();
        var (chiyo, own) = await CustomerAsync();
        var customer = (await chiyo.GetAsync($"/v1/accounts/{own}")).Text("customerId");
        (await chiyo.GetAsync($"/v1/accounts/{account}")).IsProblem(404, "account_not_found");

        await AuthorizeAsync(account, customer);

        Assert.Equal([customer], (await chiyo.GetAsync($"/v1/accounts/{account}")).Ok().Json.GetProperty("delegates").EnumerateArray()
            .Select(d => d.GetString()));
        (await chiyo.WithdrawAsync(account, "10.00")).Created();
        (await chiyo.TransferAsync(account, own, "10.00")).Created();
        Assert.Equal("80.00", await chiyo.BalanceAsync(account));
        Assert.Equal(
            new[] { account, own }.Order(StringComparer.Ordinal),
            (await chiyo.GetAsync("/v1/accounts")).Items().Select(a => a.GetProperty("id").GetString()));
    }

    [Theory]
    [InlineData("cus_" + Missing)]
    [InlineData("garbage")]
    [InlineData(null)]
    public async Task A_token_of_a_customer_who_does_not_exist_sees_nothing(string? customer)
    {
        var (_, account) = await CustomerAsync();
        var stranger = bank.As("customer", customer);

        Assert.Empty((await stranger.GetAsync("/v1/accounts")).Ok().Items());
        (await stranger.GetAsync($"/v1/accounts/{account}")).IsProblem(404, "account_not_found");
        (await stranger.WithdrawAsync(account, "1.00")).IsProblem(404, "account_not_found");
    }

    private async Task<(BankClient Customer, string Account)> CustomerAsync()
    {
        var customer = await _teller.RegisterAsync();
        return (bank.As("customer", customer), await _teller.OpenAsync(customer, balance: "100.00"));
    }

    /// <summary>There is no route to authorize delegates yet, only imports. The event is appended by the command group.</summary>
    private async Task AuthorizeAsync(string account, string customer)
    {
        Assert.True(PublicId.TryParse("acc", account, out var id) & PublicId.TryParse("cus", customer, out var user));
        var context = new CommandContext(new("test", Roles.Service, null, Channels.Import), "authorize", BankClient.NewKey(), "", "test",
            null);
        var e = new DelegateAuthorized(user, bank.Clock.Now);
        var outcome = await bank.Host.Services.GetRequiredService<CommandGroup<Account>>().SubmitAsync(
            new(
                context, [id], _ => null, (_, _) => new Decision.Accepted([new(id, Guid.CreateVersion7(), e)]),
                (_, _, _) => CommandAnswer.Changed(e, id)),
            CancellationToken.None);
        Assert.IsType<Outcome.Accepted>(outcome);
    }
}
