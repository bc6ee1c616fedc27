using System.Security.Cryptography;
using System.Text.Json;
using Banking.Customers.Domain;
using Banking.Customers.Features;
using Banking.EventStore.Keys;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using JasperFx.Events;
using Marten;
using Npgsql;

namespace Banking.Customers.ReadModels;

/// <summary>
/// Checks that each customer has a key, that it can be unwrapped, and that it decrypts the customer's data. The log has no event for an
/// erasure yet, so a missing key is always reported; the administrators of the keys must know whether it was erased or lost.
/// </summary>
internal sealed class KeyComparison(CustomerKeys keys, IDocumentStore store) : StoredComparison
{
    public const string Table = "customer_key";

    public override string Name => "customers";

    public override async Task<IReadOnlyList<Difference>> OfStreamsAsync(
        NpgsqlConnection snapshot, StreamSelection streams, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events, CancellationToken ct)
    {
        var rows = await streams.ListAsync(
            snapshot,
            $"""
            select coalesce(s.id, k.id), s.id is not null, k.data
            from (select id from {SchemaNames.Streams} where {streams.On("id")} and type = $3) s
            full join (select id, data from {KeyRewrapping.Table} where {streams.On("id")}) k on k.id = s.id
            """,
            [Customer.StreamType],
            row => new StoredRow(row.GetGuid(0), row.GetBoolean(1), !row.IsDBNull(2), row.IsDBNull(2) ? null : Read(row, 2)),
            ct);
        var differences = new List<Difference>();
        var (missing, present) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        foreach (var row in rows)
        {
            try
            {
                differences.AddRange(await CompareAsync(row, events.GetValueOrDefault(row.Id), ct));
            }
            catch (KeyUnavailableException) when (row.Stored?.WrappedBy is null)
            {
                differences.Add(Fault(row.Id, "another key"));
            }
            catch (KeyUnavailableException)
            {
                var by = row.Stored!.WrappedBy!;
                var isMissing = missing.Contains(by) || (!present.Contains(by) && !await OpensOthersAsync(snapshot, row.Stored, ct));
                (isMissing ? missing : present).Add(by);
                // One difference for a key that is missing in the key ring, and not one for each customer.
                differences.Add(isMissing
                    ? new(Name, Table, null, $"\"a key ring with the key {by}\"", null) { Key = by }
                    : Fault(row.Id, "a key that cannot be unwrapped"));
            }
        }

        return [.. differences.Distinct()];
    }

    private async Task<IReadOnlyList<Difference>> CompareAsync(
        StoredRow row, IReadOnlyList<IEvent>? events, CancellationToken ct) => row switch
        {
            { HasStream: false } => [new(Name, Table, row.Id, null, "\"a key without a customer\"")],
            { HasKey: false } => [new(Name, Table, row.Id, "\"a key\"", null)],
            _ when events is [{ Data: CustomerRegistered registered }, ..] && !await DecryptsAsync(row, registered.Personal, ct) =>
                [Fault(row.Id, "another key")],
            _ => [],
        };

    private Difference Fault(Guid id, string found) =>
        new(Name, Table, id, "\"the key that decrypts the data in the log\"", $"\"{found}\"");

    private async Task<bool> DecryptsAsync(StoredRow row, SealedData personal, CancellationToken ct)
    {
        if (row.Stored is null)
        {
            return false;
        }

        try
        {
            (await keys.UnwrapAsync(row.Stored, ct)).Open(personal);
            return row.Stored.Id == row.Id;
        }
        catch (Exception wrong) when (wrong is CryptographicException or FormatException or JsonException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Whether the key that wrapped this one unwraps another: then only this one is at fault.</summary>
    private async Task<bool> OpensOthersAsync(NpgsqlConnection snapshot, StoredKey failed, CancellationToken ct)
    {
        foreach (var other in await snapshot.ListAsync(
            $"select data from {KeyRewrapping.Table} where {KeyRewrapping.WrappedBy} = $1 and id <> $2 limit 1",
            [failed.WrappedBy, failed.Id],
            row => Read(row, 0),
            ct))
        {
            try
            {
                await keys.UnwrapAsync(other!, ct);
                return true;
            }
            catch (KeyUnavailableException)
            {
                // The key ring lacks the key.
            }
        }

        return false;
    }

    /// <summary>Null if the stored key cannot be read.</summary>
    private StoredKey? Read(NpgsqlDataReader row, int column)
    {
        try
        {
            return store.Options.Serializer().FromJson<StoredKey>(row, column);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record StoredRow(Guid Id, bool HasStream, bool HasKey, StoredKey? Stored);
}
