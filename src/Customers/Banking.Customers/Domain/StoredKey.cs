using Banking.EventStore.Keys;

namespace Banking.Customers.Domain;

/// <summary>
/// The key of one customer's personal data, as stored. Deleting this document erases the person in every copy of the log.
/// </summary>
/// <param name="Wrapped">The key, encrypted under a key outside the database.</param>
/// <param name="WrappedBy">The id of the key outside the database.</param>
/// <param name="Key">
/// The key itself, as earlier versions of the bank stored it. Hosts wrap it soon after their start (<see cref="Features.KeyWatch"/>).
/// </param>
public sealed record StoredKey(Guid Id, string? Wrapped = null, string? WrappedBy = null, string? Key = null)
{
    internal static StoredKey Of(Guid customer, WrappedKey wrapped) => new(customer, wrapped.Text, wrapped.By);

    /// <summary>Without the key, because records may be logged.</summary>
    public override string ToString() => $"{nameof(StoredKey)} {Id}";
}
