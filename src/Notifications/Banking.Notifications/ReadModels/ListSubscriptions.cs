using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.EventStore.Json;
using Banking.Notifications.Domain;
using Banking.Notifications.Features;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Notifications.ReadModels;

public static class ListSubscriptionsEndpoint
{
    [WolverineGet("/v1/notification-subscriptions", OperationId = "listSubscriptions")]
    [PageParameters]
    [QueryParameter("account", "Only subscriptions to this account, acc_…")]
    [Tags("Notifications")]
    [EndpointSummary("List subscriptions; a customer lists their own")]
    [EndpointDescription("Lists subscriptions. A customer lists its own.")]
    [Authorize(Policies.Read)]
    [Problems("malformed_filter")]
    [ProducesResponseType<Page<SubscriptionView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(StateReader<Subscription> states, HttpContext http)
    {
        var (paging, after, problem) = Paging.ReadIds(http.Request, Guid.Empty);
        var (account, wrong) = AccountFilter.Read(http);
        problem ??= wrong;
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var search = new StateSearch();
        if (account is { } of)
        {
            search.AddByData("CAST(d.data ->> 'account' as uuid) = ?", of);
        }

        if (http.Caller() is { IsStaff: false } customer)
        {
            search.AddByData("(d.data ->> 'customer')::uuid = ?", customer.CustomerId ?? Guid.Empty);
        }

        var found = await states.ListAsync(search, after, paging!.Limit + 1, http.RequestAborted);
        var page = Page<Subscription>.Of(found, paging, s => s.Id.ToString("N"));
        return TypedResults.Json(new Page<SubscriptionView>([.. page.Items.Select(SubscriptionView.Of)], page.NextCursor), ApiJson.Options);
    }
}

/// <summary>The account filter of a list; null if it is not given.</summary>
internal static class AccountFilter
{
    public static (Guid? Account, Refusal? Problem) Read(HttpContext http) => !http.Request.Query.TryGetValue("account", out var text)
        ? (null, null)
        : PublicId.TryParse("acc", text.ToString(), out var account)
            ? (account, null)
            : (null, Refusal.Malformed("malformed_filter", "account is the id of an account, acc_…"));
}
