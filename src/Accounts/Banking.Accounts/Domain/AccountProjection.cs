using JasperFx.Events;
using Marten.Events.Aggregation;

namespace Banking.Accounts.Domain;

/// <summary>
/// The state of an account, by the same fold that decisions use, for Marten's own append and rebuilds. Commands store states themselves
/// (UpsertStates).
/// </summary>
public sealed partial class AccountProjection : SingleStreamProjection<Account, Guid>
{
    public AccountProjection()
    {
        // Without this, Marten's own append and its rebuilds pass the events of all other streams too.
        foreach (var type in EventNames.All.Keys)
        {
            IncludeType(type);
        }
    }

    public override Account? Evolve(Account? snapshot, Guid id, IEvent e)
    {
        return Account.Fold(snapshot, id, e.Data, e.Timestamp);
    }
}
