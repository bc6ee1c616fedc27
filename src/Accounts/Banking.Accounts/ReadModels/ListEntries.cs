using System.Globalization;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.SharedKernel;
using Banking.Web.Http;
using Marten;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.ReadModels;

/// <summary>An entry of any account.</summary>
/// <param name="Position">The event's position in the log.</param>
public sealed record ActivityView(string AccountId, long Position, EntryView Entry);

public static class ListEntriesEndpoint
{
    [WolverineGet("/v1/entries", OperationId = "searchEntries")]
    [PageParameters]
    [IntervalParameters("from", "to", "Took effect")]
    [QueryParameter("tz", "The IANA time zone of local times and days, such as Europe/Berlin; days are those of UTC if left out.")]
    [QueryParameter("customerId", "Only the accounts of this customer.")]
    [QueryParameter("amount", "Exactly this amount, credits and debits; requires currency.")]
    [QueryParameter("currency", "Only entries of this currency.")]
    [Tags("Accounts")]
    [EndpointSummary("List the newest entries of all accounts, or search them by amount or currency")]
    [EndpointDescription(
        "Lists the newest entries of all accounts, of one customer, amount or currency, or of an interval. A customer sees those of "
        + "their own accounts. A page may have fewer items than its limit although there is a next page.")]
    [Authorize(Policies.Read)]
    [Problems(
        "customer_not_found", "malformed_customer_id", "unknown_currency", "invalid_amount", "amount_not_positive", "key_unavailable")]
    [ReadsFrom(EntriesModel.ModelName)]
    [ProducesResponseType<Page<ActivityView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(EntryPages pages, IDocumentStore store, HttpContext http)
    {
        var (paging, last, problem) = Paging.ReadNumbers(http.Request, 0);

        var (customer, unfit) = Customer(http);
        problem ??= unfit;
        var (currency, unknown) = AmountFilter.ReadCurrency(http.Request);
        var (amount, wrong) = AmountFilter.Read(http.Request, "amount", currency);
        var (effective, late) = Interval.Read(http.Request, "from", "to");
        problem ??= unknown ?? wrong ?? late ?? InstantQuery.ZoneProblem(http.Request);
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var (caller, ct) = (http.Caller(), http.RequestAborted);
        var accounts = customer is { } used ? await AccountAccess.AccountsOfAsync(store, used, ct) : null;
        var filter = new EntryFilter { Effective = effective, Currency = currency, Minimum = amount, Maximum = amount };
        var start = paging!.After is null ? null : await pages.FindAsync(last, accounts, filter, ct);
        if (paging.After is not null && start is null)
        {
            return new ProblemResult(Paging.Malformed);
        }

        var (entries, next) = await pages.NewestAsync(accounts, filter, start, paging.Limit, ct);
        return TypedResults.Json(
            new Page<ActivityView>(
                [
                    .. entries.Select(e => new ActivityView(
                        Domain.AccountId.Format(e.Event.StreamId), e.Event.Sequence, EntryView.Of(e, caller))),
                ],
                next is { } position ? paging.Encode(position.ToString(CultureInfo.InvariantCulture)) : null),
            ApiJson.Options);
    }

    /// <summary>
    /// The customer whose accounts are listed; null for all. Staff may choose any customer; a customer gets the same answer for another
    /// customer as for one that does not exist.
    /// </summary>
    private static (Guid? Customer, Refusal? Problem) Customer(HttpContext http)
    {
        var caller = http.Caller();
        Guid? own = caller.IsStaff ? null : caller.CustomerId ?? Guid.Empty;
        return !http.Request.Query.TryGetValue("customerId", out var text) ? (own, null)
            : !PublicId.TryParse("cus", text, out var id)
                ? (null, Refusal.Malformed("malformed_customer_id", "customerId is the id of a customer, cus_…"))
            : own is not null && own != id ? (null, Refusal.NotFound("customer_not_found", "There is no such customer."))
            : (id, null);
    }
}
