using JasperFx.Events;
using Marten.Events.Aggregation;

namespace Banking.Customers.Domain;

/// <summary>The stored customer is the fold of its stream. It stays sealed: a read model must not outlive an erasure.</summary>
public sealed partial class CustomerProjection : SingleStreamProjection<Customer, Guid>
{
    // Named, or Marten's own append and its rebuilds offer it the events of every other stream too.
    public CustomerProjection() => IncludeType<CustomerRegistered>();

    public override Customer? Evolve(Customer? snapshot, Guid id, IEvent e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return Customer.Fold(snapshot, id, e.Data, e.Timestamp);
    }
}
