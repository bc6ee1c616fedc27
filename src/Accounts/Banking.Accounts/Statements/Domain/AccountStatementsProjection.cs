using JasperFx.Events;
using Marten.Events.Aggregation;

namespace Banking.Accounts.Statements.Domain;

/// <summary>The state of an account's statements, by the fold that decisions use, for Marten's own append and rebuilds.</summary>
public sealed partial class AccountStatementsProjection : SingleStreamProjection<AccountStatements, Guid>
{
    public AccountStatementsProjection()
    {
        foreach (var type in StatementEventNames.All.Keys)
        {
            IncludeType(type);
        }
    }

    public override AccountStatements? Evolve(AccountStatements? snapshot, Guid id, IEvent e)
    {
        return AccountStatements.Fold(snapshot, id, e.Data, e.Timestamp);
    }
}
