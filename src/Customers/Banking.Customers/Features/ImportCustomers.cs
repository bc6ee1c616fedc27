using Banking.Commands.Imports;
using Banking.Customers.Contracts;
using Banking.Customers.Domain;
using Banking.ReadModels.Comparing;
using Banking.SharedKernel;

namespace Banking.Customers.Features;

/// <summary>Makes the stream of an imported customer, encrypted under a key of its own.</summary>
internal static class ImportCustomers
{
    public static ImportRule Rule { get; } = new((e, _) =>
        e.StreamType == Customer.StreamType && e.Id != Registered(e.Stream) ? "the id is derived from the customer" : null);

    private static Guid Registered(Guid customer) => DeterministicId.From(customer, "registered");

    /// <param name="stored">The document of the key; null if the stream is only compared.</param>
    public static HistoryStream ToStream(CustomerHistory history, CustomerKey key, StoredKey? stored, DateTimeOffset now)
    {
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
            stored is null ? [] : [stored]);
    }

    public static PersonalData Personal(CustomerHistory history) => new(history.Name, Details: history.Details);
}
