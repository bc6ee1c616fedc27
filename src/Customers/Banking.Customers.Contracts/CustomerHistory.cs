using Banking.SharedKernel;

namespace Banking.Customers.Contracts;

/// <summary>A customer imported from another system, with the source row.</summary>
/// <param name="CustomerId">Derived from the source, so that a second import finds the customer of the first.</param>
/// <param name="ExternalId">The customer's id at the source.</param>
/// <param name="Name">The name, or its placeholder if the source is anonymised.</param>
/// <param name="Details">Further personal data by name (birth date, district …); encrypted like the name.</param>
public sealed record CustomerHistory(
    Guid CustomerId,
    string ExternalId,
    string Name,
    IReadOnlyDictionary<string, string> Details,
    SourceRow Source)
{
    /// <summary>Without personal data, because records may be logged.</summary>
    public override string ToString() => $"{nameof(CustomerHistory)} {CustomerId}";
}
