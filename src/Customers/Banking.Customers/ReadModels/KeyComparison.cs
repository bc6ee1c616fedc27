using System.Security.Cryptography;
using System.Text.Json;
using Banking.Customers.Domain;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using JasperFx.Events;
using Marten;
using Npgsql;

namespace Banking.Customers.ReadModels;

/// <summary>
/// Checks that each customer has a key and that the key decrypts the customer's data. The log has no event for an erasure yet, so a missing
/// key is always reported; the administrators of the keys must know whether it was erased or lost.
/// </summary>
internal sealed class KeyComparison(IDocumentStore store) : StoredComparison
{
    public const string Table = "customer_key";

    public override string Name => "customers";

    public override async Task<IReadOnlyList<Difference>> OfStreamsAsync(
        NpgsqlConnection snapshot, StreamSelection streams, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(streams);
        ArgumentNullException.ThrowIfNull(events);
        var differences = await streams.ListAsync(
            snapshot,
            $"""
            select coalesce(s.id, k.id), s.id is not null, k.data
            from (select id from {SchemaNames.Streams} where {streams.On("id")} and type = $3) s
            full join (select id, data from {CustomersModule.Schema}_keys.mt_doc_customer_key where {streams.On("id")}) k on k.id = s.id
            """,
            [Customer.StreamType],
            row => Compare(row, events),
            ct);
        return [.. differences.OfType<Difference>()];
    }

    private Difference? Compare(NpgsqlDataReader row, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events)
    {
        var id = row.GetGuid(0);
        return !row.GetBoolean(1) ? new(Name, Table, id, null, "\"a key without a customer\"")
            : row.IsDBNull(2) ? new(Name, Table, id, "\"a key\"", null)
            : events.GetValueOrDefault(id) is [{ Data: CustomerRegistered registered }, ..] && !CanDecrypt(row, id, registered.Personal)
                ? new(Name, Table, id, "\"the key that decrypts the data in the log\"", "\"another key\"")
                : null;
    }

    private bool CanDecrypt(NpgsqlDataReader reader, Guid id, SealedData personal)
    {
        try
        {
            var key = store.Options.Serializer().FromJson<CustomerKey>(reader, 2);
            key.Open(personal);
            return key.Id == id;
        }
        catch (Exception wrong) when (wrong is CryptographicException or FormatException or JsonException or ArgumentException)
        {
            return false;
        }
    }
}
