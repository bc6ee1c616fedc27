using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Platform.Commands;
using Banking.Platform.Security;

namespace Banking.Accounts.ReadModels;

/// <summary>For other modules: who may see an account is decided here, as for the account itself.</summary>
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
