using Banking.Accounts.Features;
using Banking.Platform.Commands;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Accounts.Tests;

/// <summary>
/// The door of a host for messages, as its handlers use it. A command on an account's id is in the queue when the call returns, and in
/// the order of the calls: over HTTP nobody can tell.
/// </summary>
internal sealed class BusDoor(IServiceProvider host)
{
    private static readonly Currency Euro = Currency.Parse("EUR");

    private readonly AccountDesk _desk = host.GetRequiredService<AccountDesk>();

    public Task<Outcome> DepositAsync(string account, long minor, string? key = null, CancellationToken ct = default) =>
        DepositMoneyHandler.Handle(new(key ?? BankClient.NewKey(), account, new(minor, Euro), Reason: "test"), new(), _desk, ct);

    public Task<Outcome> WithdrawAsync(string account, long minor, string? key = null) =>
        WithdrawMoneyHandler.Handle(
            new(key ?? BankClient.NewKey(), account, new(minor, Euro), Reason: "test"), new(), _desk, CancellationToken.None);

    public Task<Outcome> TransferAsync(string from, string to, long minor) =>
        TransferMoneyHandler.Handle(
            new(BankClient.NewKey(), from, to, new(minor, Euro), Reason: "test"), new(), _desk, CancellationToken.None);
}
