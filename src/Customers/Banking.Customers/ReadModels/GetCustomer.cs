using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Customers.Contracts;
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

public static class GetCustomerEndpoint
{
    [WolverineGet("/v1/customers/{customer}", OperationId = "getCustomer")]
    [HasVersion]
    [Tags("Customers")]
    [EndpointSummary("Get a customer")]
    [EndpointDescription("Gets a customer with the personal data that the caller may see.")]
    [Authorize(Policies.Read)]
    [Problems("customer_not_found", "key_unavailable")]
    [ProducesResponseType<CustomerView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        string customer, StateReader<Customer> states, CustomerKeys keys, HttpContext http, CancellationToken ct)
    {
        var caller = http.Caller();
        if (!PublicId.TryParse(CustomerStreams.Prefix, customer, out var id)
            || !(caller.IsStaff || caller.CustomerId == id)
            || await states.FindAsync(id, ct) is not { } found)
        {
            return new ProblemResult(Refusal.NotFound("customer_not_found", "There is no such customer."));
        }

        // No ETag without the key: an erasure leaves the version as it was, and a client must not keep its copy with the name.
        return (await keys.FindAsync([id], ct)).GetValueOrDefault(id) is { } key
            ? new VersionedResult(CustomerView.Of(found, key.Open(found.Personal)), found.Version)
            : TypedResults.Json(CustomerView.Of(found, null), ApiJson.Options);
    }
}
