using JasperFx.Events;
using Marten.Events.Aggregation;

namespace Banking.Customers.Domain;

/// <summary>Stores the state of a customer. Personal data stays encrypted: a read model must not outlive an erasure.</summary>
public sealed partial class CustomerProjection : SingleStreamProjection<Customer, Guid>
{
    // Without this, Marten's own append and its rebuilds pass the events of all other streams too.
    public CustomerProjection() => IncludeType<CustomerRegistered>();

    public override Customer? Evolve(Customer? snapshot, Guid id, IEvent e)
    {
        return Customer.Fold(snapshot, id, e.Data, e.Timestamp);
    }
}
