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
        await using var command = streams.Command(snapshot,
            $"""
            select coalesce(s.id, k.id), s.id is not null, k.data
            from (select id from {SchemaNames.Events}.mt_streams where {streams.On("id")} and type = $3) s
            full join (select id, data from {CustomersModule.Schema}_keys.mt_doc_customer_key where {streams.On("id")}) k on k.id = s.id
            """, Customer.StreamType);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var differences = new List<Difference>();
        while (await reader.ReadAsync(ct))
        {
            var id = reader.GetGuid(0);
            if (!reader.GetBoolean(1))
            {
                differences.Add(new(Name, Table, id, null, "\"a key without a customer\""));
            }
            else if (reader.IsDBNull(2))
            {
                differences.Add(new(Name, Table, id, "\"a key\"", null));
            }
            else if (
                events.GetValueOrDefault(id) is [{ Data: CustomerRegistered registered }, ..]
                && !CanDecrypt(reader, id, registered.Personal))
            {
                differences.Add(new(Name, Table, id, "\"the key that decrypts the data in the log\"", "\"another key\""));
            }
        }

        return differences;
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
