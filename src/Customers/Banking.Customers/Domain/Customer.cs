using Banking.Customers.Contracts;
using Banking.EventStore.Streams;
using Banking.SharedKernel;

namespace Banking.Customers.Domain;

/// <summary>A customer was registered.</summary>
/// <param name="Personal">Name and contact data, encrypted under the customer's own key. When the key is destroyed, the person can no
/// longer be identified.</param>
/// <param name="EffectiveAt">When the registration takes effect.</param>
/// <param name="ExternalId">The customer's id at the system that the customer was imported from.</param>
public sealed record CustomerRegistered(
    SealedData Personal, DateTimeOffset EffectiveAt, string? ExternalId = null, SourceRow? Source = null) : ICustomerRegistered;

/// <summary>The state of a customer.</summary>
public sealed record Customer(
    Guid Id,
    long Version,
    DateTimeOffset RecordedAt,
    SealedData Personal,
    DateTimeOffset RegisteredAt,
    string? ExternalId) : IEventSourced<Customer>
{
    public static string StreamType => CustomerStreams.Type;

    public static Customer Fold(Customer? state, Guid id, object @event, DateTimeOffset recordedAt)
    {
        var next = (state, @event) switch
        {
            (null, CustomerRegistered e) => new Customer(id, 0, recordedAt, e.Personal, e.EffectiveAt, e.ExternalId),
            _ => throw new InvalidOperationException(
                $"{@event.GetType().Name} cannot follow {(state is null ? "nothing" : "a registration")} in customer {id}."),
        };
        return next with { Version = next.Version + 1, RecordedAt = recordedAt };
    }
}
