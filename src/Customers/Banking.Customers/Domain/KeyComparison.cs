using System.Security.Cryptography;
using System.Text.Json;
using Banking.Platform;
using Banking.Platform.Comparing;
using Banking.Platform.ReadModels;
using JasperFx.Events;
using Marten;
using Npgsql;

namespace Banking.Customers.Domain;

/// <summary>
/// Each customer has a key, and it opens what was sealed under it. The log knows no erasure yet, so a key that is missing is named whether
/// the person was erased or the key was lost: both are told by those who are responsible for the keys.
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
            from (select id from {PlatformModule.EventSchema}.mt_streams where {streams.On("id")} and type = $3) s
            full join (select id, data from {CustomersModule.Schema}_keys.mt_doc_customer_key where {streams.On("id")}) k on k.id = s.id
            """, Customer.StreamType);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var differences = new List<Difference>();
        while (await reader.ReadAsync(ct))
        {
            var id = reader.GetGuid(0);
            if (!reader.GetBoolean(1))
            {
                differences.Add(new(Name, Table, id, null, "\"a key of no customer\""));
            }
            else if (reader.IsDBNull(2))
            {
                differences.Add(new(Name, Table, id, "\"a key\"", null));
            }
            else if (
                events.GetValueOrDefault(id) is [{ Data: CustomerRegistered registered }, ..]
                && !Opens(reader, id, registered.Personal))
            {
                differences.Add(new(Name, Table, id, "\"the key that opens what the log has sealed\"", "\"another key\""));
            }
        }

        return differences;
    }

    private bool Opens(NpgsqlDataReader reader, Guid id, SealedData personal)
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
