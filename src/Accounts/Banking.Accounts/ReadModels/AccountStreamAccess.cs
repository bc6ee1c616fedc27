using Banking.Accounts.Domain;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Callers;

namespace Banking.Accounts.ReadModels;

/// <summary>Answers other modules whether a caller may see an account, by the rule of this module.</summary>
public sealed class AccountStreamAccess(StateReader<Account> states) : IStreamAccess
{
    public string StreamType => Account.StreamType;

    public async Task<bool> MaySeeAsync(Caller caller, Guid stream, CancellationToken ct) =>
        await states.FindAsync(stream, ct) is { } account && caller.CanSee(account);

    public async Task<IReadOnlyList<bool>> MaySeeAsync(IReadOnlyList<(Caller Caller, Guid Stream)> asked, CancellationToken ct)
    {
        var accounts = await states.FindAsync([.. asked.Select(a => a.Stream).Distinct()], ct);
        return [.. asked.Select(a => accounts.GetValueOrDefault(a.Stream) is { } account && a.Caller.CanSee(account))];
    }
}
