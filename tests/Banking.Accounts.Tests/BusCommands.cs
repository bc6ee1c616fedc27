using Banking.Accounts.Features;
using Banking.Commands.Receipts;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Accounts.Tests;

/// <summary>
/// Commands as the bus handlers of a host submit them. A command on an account's id is in the queue when the call returns, in the order of
/// the calls; over HTTP neither is certain.
/// </summary>
internal sealed class BusCommands(IServiceProvider host)
{
    private static readonly Currency Euro = Currency.Parse("EUR");

    private readonly AccountCommands _commands = host.GetRequiredService<AccountCommands>();

    public Task<CommandReply> DepositAsync(string account, long minor, string? key = null, CancellationToken ct = default) =>
        DepositMoneyHandler.Handle(new(key ?? BankClient.NewKey(), account, new(minor, Euro), Reason: "test"), new(), _commands, ct);

    public Task<CommandReply> WithdrawAsync(string account, long minor, string? key = null) =>
        WithdrawMoneyHandler.Handle(
            new(key ?? BankClient.NewKey(), account, new(minor, Euro), Reason: "test"), new(), _commands, CancellationToken.None);

    public Task<CommandReply> TransferAsync(string from, string to, long minor) =>
        TransferMoneyHandler.Handle(
            new(BankClient.NewKey(), from, to, new(minor, Euro), Reason: "test"), new(), _commands, CancellationToken.None);
}
