using Banking.Accounts.Contracts;
using Banking.Commands.Receipts;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;

namespace Banking.Approvals.Tests;

/// <summary>Corrections that come as messages: the same decision as over HTTP.</summary>
[Collection(nameof(Shared))]
public sealed class BusCorrectionTests(ApprovalBank bank)
{
    [Fact]
    public async Task A_correction_by_message_is_decided_once_and_one_that_needs_an_approval_is_refused()
    {
        var (account, deposit) = await bank.DepositedAsync();
        var (_, large) = await bank.DepositedAsync("1000.01");
        var command = new CorrectTransaction(
            BankClient.NewKey(), deposit, CorrectionKind.Amount, "typo", "40, not 100", Amount: new(40_00, Currency.Parse("EUR")));

        var (corrected, again) = (await InvokeAsync(command), await InvokeAsync(command));

        Assert.Equal((201, true, false), (corrected.Status, corrected.Applied, corrected.Replayed));
        Assert.Equal((corrected.Body, true), (again.Body, again.Replayed));
        Assert.Equal("40.00", await bank.Teller.BalanceAsync(account));
        var no = await InvokeAsync(new(BankClient.NewKey(), large, CorrectionKind.Reversal, "twice", "paid twice"));
        Assert.Equal((422, false, true), (no.Status, no.Applied, no.Recorded));
        Assert.Contains("approval_required", no.Body, StringComparison.Ordinal);
    }

    private async Task<CommandReply> InvokeAsync(CorrectTransaction command)
    {
        await using var scope = bank.Host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<IMessageBus>().InvokeAsync<CommandReply>(command);
    }
}
