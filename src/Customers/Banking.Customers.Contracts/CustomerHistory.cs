using Banking.SharedKernel;

namespace Banking.Customers.Contracts;

/// <summary>A customer taken over from another system, with the row it came from.</summary>
/// <param name="CustomerId">Derived from the source, so that a second take-over finds the first.</param>
/// <param name="ExternalId">The id it had at its source.</param>
/// <param name="Name">Name, or what stands in for it where the source is anonymised.</param>
/// <param name="Details">Personal details by name (birth date, district …); encrypted like the name.</param>
public sealed record CustomerHistory(
    Guid CustomerId,
    string ExternalId,
    string Name,
    IReadOnlyDictionary<string, string> Details,
    SourceRow Source)
{
    /// <summary>Without the person, wherever it may be written.</summary>
    public override string ToString() => $"{nameof(CustomerHistory)} {CustomerId}";
}
