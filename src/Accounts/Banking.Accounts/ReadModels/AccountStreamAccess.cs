using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Platform.Security;
using Marten;

namespace Banking.Accounts.ReadModels;

/// <summary>For other modules: who may see an account is decided here, as for the account itself.</summary>
public sealed class AccountStreamAccess(IDocumentStore store) : IStreamAccess
{
    public string StreamType => Account.StreamType;

    public async Task<bool> MaySeeAsync(Caller caller, Guid stream, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        return await session.LoadAsync<Account>(stream, ct) is { } account && caller.CanSee(account);
    }
}
