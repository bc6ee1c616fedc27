using Banking.Customers.Contracts;
using Banking.Platform.EventSourcing;
using Banking.SharedKernel;

namespace Banking.Customers.Domain;

/// <summary>Somebody is a customer from here on.</summary>
/// <param name="Personal">Name and contact, sealed under the customer's own key: with the key destroyed, the event says that there was
/// somebody, not who.</param>
/// <param name="EffectiveAt">When it counts.</param>
/// <param name="ExternalId">The id at the system the customer came from.</param>
public sealed record CustomerRegistered(
    SealedData Personal, DateTimeOffset EffectiveAt, string? ExternalId = null, SourceRow? Source = null);

/// <summary>The person behind accounts.</summary>
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
