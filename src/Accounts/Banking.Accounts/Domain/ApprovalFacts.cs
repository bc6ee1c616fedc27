using Banking.Accounts.Contracts;
using Banking.Commands.Approvals;
using Banking.EventStore.Json;

namespace Banking.Accounts.Domain;

/// <summary>What the approval of a command relies on of its accounts (ADR 0067). Their balances change too often to be relied on.</summary>
internal static class ApprovalFacts
{
    /// <summary>The basis of a command that no rule requires an approval for.</summary>
    public static CommandBasis BasisOf(IEnumerable<Account> accounts) =>
        new([], accounts.DistinctBy(a => a.Id).SelectMany(Of).ToDictionary(), new Dictionary<string, long>());

    /// <summary>Status, freeze and overdraft limit of an account, by name.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Of(Account account)
    {
        var name = AccountId.Format(account.Id);
        yield return new(name + ".status", WireNames.Of(account.Status.ToString()));
        yield return new(name + ".frozen", (account.DebitFrozen, account.CreditFrozen) switch
        {
            (true, true) => WireNames.Of(nameof(FreezeScope.All)),
            (true, false) => WireNames.Of(nameof(FreezeScope.Debit)),
            (false, true) => WireNames.Of(nameof(FreezeScope.Credit)),
            _ => "none",
        });
        yield return new(name + ".overdraftLimit", account.OverdraftLimit.ToDecimalString());
    }
}
