using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.Commands.Imports;
using Banking.Customers.Contracts;
using Banking.Customers.Domain;

namespace Banking.Customers.Features;

/// <summary>
/// Compares customers of an import with those imported earlier. Personal data is decrypted for the comparison; the personal data of erased
/// customers is left out.
/// </summary>
internal static class CompareCustomers
{
    private const string Personal = "personal";

    public static async Task<HistoryDifference?> FirstDifferenceAsync(
        CustomerKeys customerKeys,
        HistoryComparison comparison,
        IReadOnlyList<CustomerHistory> customers,
        DateTimeOffset now,
        CancellationToken ct)
    {
        var keys = await customerKeys.FindAsync([.. customers.Select(c => c.CustomerId)], ct);
        var byId = customers.ToDictionary(c => c.CustomerId);
        return await comparison.FirstAsync(
            [.. customers.Select(c => ImportCustomers.ToStream(c, CustomerKey.For(c.CustomerId), stored: null, now))], Open, ct);

        void Open(Guid customer, JsonObject stored, JsonObject given)
        {
            // The registration of an imported customer takes effect at the time of the import.
            stored.Remove("effectiveAt");
            given.Remove("effectiveAt");
            var sealedData = stored[Personal].Deserialize<SealedData>(JsonSerializerOptions.Web);
            stored.Remove(Personal);
            given.Remove(Personal);
            if (keys.TryGetValue(customer, out var key) && sealedData is not null)
            {
                stored[Personal] = JsonSerializer.SerializeToNode(key.Open(sealedData), JsonSerializerOptions.Web);
                given[Personal] = JsonSerializer.SerializeToNode(ImportCustomers.Personal(byId[customer]), JsonSerializerOptions.Web);
            }
        }
    }
}
