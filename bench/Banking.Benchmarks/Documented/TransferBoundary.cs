using JasperFx.Events;
using JasperFx.Events.Aggregation;

namespace Banking.Benchmarks.Documented;

/// <summary>The tag of an event of this account.</summary>
public sealed record AccountTag(Guid Value);

public sealed record AccountFunded(Guid Account, long Balance);

/// <summary>A transfer as one event, tagged with both accounts.</summary>
public sealed record MoneyMoved(Guid TransferId, Guid From, Guid To, long Amount);

/// <summary>The state for a transfer's decision, folded from all events of the two accounts. It is not stored.</summary>
[BoundaryAggregate]
public sealed class TransferBoundary
{
    private readonly Dictionary<Guid, long> _balances = [];
    private long _last;

    /// <summary>Complete only for the accounts in the boundary's query.</summary>
    public long? BalanceOf(Guid account) => _balances.TryGetValue(account, out var balance) ? balance : null;

    public void Apply(IEvent<AccountFunded> e)
    {
        ArgumentNullException.ThrowIfNull(e);
        if (IsNew(e))
        {
            Add(e.Data.Account, e.Data.Balance);
        }
    }

    public void Apply(IEvent<MoneyMoved> e)
    {
        ArgumentNullException.ThrowIfNull(e);
        if (IsNew(e))
        {
            Add(e.Data.From, -e.Data.Amount);
            Add(e.Data.To, e.Data.Amount);
        }
    }

    /// <summary>The query joins events to tags, so an event with both tags of the boundary occurs twice.</summary>
    private bool IsNew(IEvent e)
    {
        if (e.Sequence <= _last)
        {
            return false;
        }

        _last = e.Sequence;
        return true;
    }

    private void Add(Guid account, long amount) => _balances[account] = _balances.GetValueOrDefault(account) + amount;
}
