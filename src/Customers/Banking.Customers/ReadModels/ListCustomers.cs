using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Customers.Domain;
using Banking.Customers.Features;
using Banking.EventStore.Json;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Customers.ReadModels;

public static class ListCustomersEndpoint
{
    /// <summary>
    /// Names cannot be searched: they are encrypted under a key per customer, and an index of decrypted names would outlive the erasure of
    /// a key.
    /// </summary>
    [WolverineGet("/v1/customers", OperationId = "listCustomers")]
    [PageParameters]
    [QueryParameter("externalId", "The id that an imported customer had at its source. Names are encrypted and cannot be searched.")]
    [Tags("Customers")]
    [EndpointSummary("List customers")]
    [EndpointDescription("Lists customers in the order of their registration. A customer lists only itself.")]
    [Authorize(Policies.Read)]
    [Problems("malformed_filter", "key_unavailable")]
    [ProducesResponseType<Page<CustomerView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(StateReader<Customer> states, CustomerKeys keys, HttpContext http)
    {
        var (paging, after, problem) = Paging.ReadIds(http.Request, Guid.Empty);

        var search = new StateSearch();
        problem ??= Filter(http, search);
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var customers = await states.ListAsync(search, after, paging!.Limit + 1, http.RequestAborted);
        var page = Page<Customer>.Of(customers, paging, c => c.Id.ToString("N"));
        return TypedResults.Json(
            new Page<CustomerView>(await DecryptAsync(page.Items, keys, http.RequestAborted), page.NextCursor), ApiJson.Options);
    }

    private static Refusal? Filter(HttpContext http, StateSearch search)
    {
        if (http.Caller() is { IsStaff: false } customer)
        {
            search.AddById("d.id = ?", customer.CustomerId ?? Guid.Empty);
        }

        if (http.Request.Query.TryGetValue("externalId", out var externalId))
        {
            if (PlainText.Problem(externalId.ToString(), 100) is { } why)
            {
                return Refusal.Malformed("malformed_filter", $"externalId: {why}");
            }

            search.AddByData("d.data ->> 'externalId' = ?", externalId.ToString());
        }

        return null;
    }

    /// <summary>Decrypts a page of customers, with one query for all keys. A customer without a key is erased.</summary>
    private static async Task<IReadOnlyList<CustomerView>> DecryptAsync(
        IReadOnlyList<Customer> customers, CustomerKeys keys, CancellationToken ct)
    {
        var found = await keys.FindAsync([.. customers.Select(c => c.Id)], ct);
        return [.. customers.Select(c => CustomerView.Of(c, found.GetValueOrDefault(c.Id)?.Open(c.Personal)))];
    }
}
