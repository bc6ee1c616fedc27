using Banking.Accounts.Domain;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.SharedKernel;

namespace Banking.Accounts.ReadModels;

/// <summary>Answers other modules in which currency an account is.</summary>
public sealed class AccountStreamCurrency(StateReader<Account> states) : IStreamCurrency
{
    public string StreamType => Account.StreamType;

    public async Task<Currency?> FindAsync(Guid stream, CancellationToken ct) => (await states.FindAsync(stream, ct))?.Currency;
}
