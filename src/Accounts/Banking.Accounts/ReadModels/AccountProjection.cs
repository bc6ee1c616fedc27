using Banking.Accounts.Domain;
using JasperFx.Events;
using Marten.Events.Aggregation;

namespace Banking.Accounts.ReadModels;

/// <summary>The stored account is the fold of its stream, by the same fold that decisions use.</summary>
public sealed partial class AccountProjection : SingleStreamProjection<Account, Guid>
{
    public AccountProjection()
    {
        // Named, or Marten's own append and its rebuilds offer it the events of every other stream too.
        foreach (var type in EventNames.All.Keys)
        {
            IncludeType(type);
        }
    }

    public override Account? Evolve(Account? snapshot, Guid id, IEvent e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return Account.Fold(snapshot, id, e.Data, e.Timestamp);
    }
}
