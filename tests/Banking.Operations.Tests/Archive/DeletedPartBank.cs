using Banking.ReadModels.Archiving;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests.Archive;

/// <summary>
/// A bank whose oldest events were deleted with their archive file: most of those of two open accounts, and all of a closed one.
/// </summary>
public sealed class DeletedPartBank : ArchivedBank, IAsyncLifetime
{
    /// <summary>More than a chunk of entries, so that the deleted part has sums of chunks too.</summary>
    private const int Transfers = 519;

    public string Payer { get; private set; } = "";

    public string Payee { get; private set; } = "";

    public string Closed { get; private set; } = "";

    protected override string[] Place => [.. base.Place, "--Banking:CarryForward:Events", "520"];

    public static Guid StreamOf(string account) => Guid.ParseExact(account[4..], "N");

    public new async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        var teller = As("teller");
        (Payer, Payee, Closed) = (await teller.OpenAsync(balance: "100.00"), await teller.OpenAsync(), await teller.OpenAsync());
        (await teller.DepositAsync(Closed, "1.00")).Created();
        (await teller.WithdrawAsync(Closed, "1.00")).Created();
        (await teller.PostAsync($"/v1/accounts/{Closed}/close", new { reasonCode = "wish", reason = "By letter" })).Ok();
        var items = Enumerable.Range(0, Transfers).Select(_ => new
        {
            idempotencyKey = BankClient.NewKey(),
            command = new
            {
                fromAccountId = Payer,
                toAccountId = Payee,
                amount = new { value = "0.01", currency = "EUR" },
                reason = "test",
            },
        });
        (await teller.PostAsync("/v1/transfers/batch", new { mode = "independent", items })).Ok();
        await Eventually.UntilAsync(
            () => this.QueryAsync<long>("select count(*) from bank.mt_events where type = 'accounts.account-carried-forward.v1'"),
            carried => carried[0] == 2);
        (await teller.TransferAsync(Payer, Payee, "0.81")).Created();
        Clock.Advance(TimeSpan.FromDays(1));
        await this.CaughtUpAsync();
        await this.DocumentsCurrentAsync();
        await RemoveAsync();
        await using var owner = await OwnerAsync();
        var deleted = await Host.Services.GetRequiredService<ArchiveRetention>().DeleteAsync(
            owner, Clock.Now, isSoleUser: false, Action, _ => { }, CancellationToken.None);
        Assert.Equal(1, deleted);
    }
}
