using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.Customers.Contracts;
using Banking.Customers.Domain;
using Banking.Platform.EventSourcing;
using Marten;

namespace Banking.Customers.Features;

/// <summary>
/// Whether customers of a history are those that were imported before. What is sealed is opened for that; of who was erased, nothing is
/// left to compare.
/// </summary>
internal static class CompareCustomers
{
    private const string Personal = "personal";

    public static async Task<HistoryDifference?> FirstDifferenceAsync(
        IDocumentStore store,
        HistoryComparison comparison,
        IReadOnlyList<CustomerHistory> customers,
        DateTimeOffset now,
        CancellationToken ct)
    {
        await using var session = store.QuerySession();
        var keys = (await session.LoadManyAsync<CustomerKey>(ct, customers.Select(c => c.CustomerId))).ToDictionary(k => k.Id);
        var byId = customers.ToDictionary(c => c.CustomerId);
        return await comparison.FirstAsync([.. customers.Select(c => ImportCustomers.Stream(c, now))], Open, ct);

        void Open(Guid customer, JsonObject stored, JsonObject given)
        {
            // An imported customer is one from the moment of the import.
            stored.Remove("effectiveAt");
            given.Remove("effectiveAt");
            var isSealed = stored[Personal].Deserialize<SealedData>(JsonSerializerOptions.Web);
            stored.Remove(Personal);
            given.Remove(Personal);
            if (keys.TryGetValue(customer, out var key) && isSealed is not null)
            {
                stored[Personal] = JsonSerializer.SerializeToNode(key.Open(isSealed), JsonSerializerOptions.Web);
                given[Personal] = JsonSerializer.SerializeToNode(ImportCustomers.Personal(byId[customer]), JsonSerializerOptions.Web);
            }
        }
    }
}
