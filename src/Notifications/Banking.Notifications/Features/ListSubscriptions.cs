using Banking.Notifications.Domain;
using Banking.Platform;
using Banking.Platform.Commands;
using Banking.Platform.Http;
using Banking.Platform.Security;
using Banking.SharedKernel;
using Marten;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Notifications.Features;

public static class ListSubscriptionsEndpoint
{
    [WolverineGet("/v1/notification-subscriptions")]
    [PageParameters]
    [QueryParameter("account", "To one account, acc_…")]
    [Tags("Notifications")]
    [EndpointSummary("List who hears of which accounts; a customer lists their own")]
    [Authorize(Policies.Read)]
    [ProducesResponseType<Page<SubscriptionView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(IQuerySession session, HttpContext http)
    {
        var (paging, problem) = Paging.Read(http.Request);
        var (account, wrong) = AccountFilter.Read(http);
        problem ??= wrong;
        var after = Guid.Empty;
        if (problem is null && paging!.After is not null && !Exact.TryId(paging.After, out after))
        {
            problem = Paging.Malformed;
        }

        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var where = new List<string> { "d.id > ?" };
        var values = new List<object> { after };
        if (account is { } of)
        {
            where.Add("CAST(d.data ->> 'account' as uuid) = ?");
            values.Add(of);
        }

        if (http.Caller() is { IsStaff: false } customer)
        {
            where.Add("(d.data ->> 'customer')::uuid = ?");
            values.Add(customer.CustomerId ?? Guid.Empty);
        }

        values.Add(paging!.Limit + 1);
        var found = await session.QueryAsync<Subscription>($"where {string.Join(" and ", where)} order by d.id limit ?", http.RequestAborted, [.. values]);
        var page = Page<Subscription>.Of([.. found], paging.Limit, s => s.Id.ToString("N"));
        return TypedResults.Json(new Page<SubscriptionView>([.. page.Items.Select(SubscriptionView.Of)], page.NextCursor), ApiJson.Options);
    }
}

/// <summary>Which account a list is about, where it is about one.</summary>
internal static class AccountFilter
{
    public static (Guid? Account, Refusal? Problem) Read(HttpContext http) => !http.Request.Query.TryGetValue("account", out var text)
        ? (null, null)
        : PublicId.TryParse("acc", text.ToString(), out var account)
            ? (account, null)
            : (null, Problems.Malformed("malformed_filter", "account is the id of an account, acc_…"));
}
