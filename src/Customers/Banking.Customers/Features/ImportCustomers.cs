using Banking.Customers.Contracts;
using Banking.Customers.Domain;
using Banking.Platform.Comparing;
using Banking.Platform.EventSourcing;
using Banking.SharedKernel;

namespace Banking.Customers.Features;

/// <summary>A customer of another bank as a stream of this one, sealed under a key of their own like every other.</summary>
internal static class ImportCustomers
{
    public static ImportRule Rule { get; } = new((e, _) =>
        e.StreamType == Customer.StreamType && e.Id != Registered(e.Stream) ? "the id is made from the customer" : null);

    private static Guid Registered(Guid customer) => DeterministicId.From(customer, "registered");

    public static HistoryStream Stream(CustomerHistory history, DateTimeOffset now)
    {
        var key = CustomerKey.For(history.CustomerId);
        var personal = key.Seal(Personal(history));
        var registered = new CustomerRegistered(personal, now, history.ExternalId, history.Source);
        return new(
            history.CustomerId,
            [
                new(
                    Registered(history.CustomerId),
                    $"{history.Source.System}/{history.Source.File}/{history.Source.Id}",
                    registered,
                    history.Source),
            ],
            [key]);
    }

    public static PersonalData Personal(CustomerHistory history) => new(history.Name, Details: history.Details);
}
