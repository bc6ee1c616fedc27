using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.EventStore.Callers;
using Banking.EventStore.Json;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.Explaining;

public static class GetExplainedMovementsEndpoint
{
    /// <summary>The events read for one page. A page of a rare kind is shorter, and has a cursor all the same.</summary>
    private const int MaxRead = 5_000;

    private const int MaxAtOnce = 501;

    [WolverineGet("/v1/accounts/{account}/balance/explain/movements", OperationId = "listExplainedMovements")]
    [MomentParameters]
    [PageParameters]
    [QueryParameter<DateOnly>("from", "Only movements effective from this day in UTC on.")]
    [QueryParameter<DateOnly>("to", "Only movements effective before this day.")]
    [MovementFilter]
    [Tags("Accounts")]
    [EndpointSummary("List the movements that a balance is made of, with their commands, reasons and corrections")]
    [EndpointDescription(
        "Lists the movements of a balance in the order of their effective times, each with the balance before and after it in this order, "
        + "its event and command, and links. A page with a cursor may have fewer items than the limit.")]
    [Authorize(Policies.Read)]
    [Problems("account_not_found", "malformed_period", "key_unavailable")]
    [ProducesResponseType<Page<ChangeView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        string account, AccountReader reader, MomentReader moments, AccountChanges changes, EventViews events, TimeProvider clock,
        HttpContext http)
    {
        if (await reader.FindAsync(account, http) is not { } found)
        {
            return new ProblemResult(Visibility.NotFound(account));
        }

        var (paging, problem) = Paging.Read(http.Request);
        var (query, unfit) = await ExplanationQuery.ReadAsync(http.Request, found, moments, clock.GetUtcNow());
        var (filter, wrong) = MovementFilter.Read(http.Request, found.Currency);
        problem ??= unfit ?? wrong;
        if (problem is null && paging!.After is { } after)
        {
            var cursor = ChangeCursor.Parse(after, TimeAxis.Effective, found.Version);
            problem = cursor is null ? Paging.Malformed : null;
            query = cursor is null ? query : query! with { Counted = query.Counted with { Version = cursor.Known }, After = cursor.Place };
        }

        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var caller = http.Caller();
        var (items, last) = await ReadAsync(changes, query!, filter, caller, paging!.Limit, http.RequestAborted);
        return TypedResults.Json(
            new Page<ChangeView>(
                [.. items.Select(c => ChangeView.Of(c.Event, c.Before, c.After, events, caller))],
                last is { } place
                    ? paging.Encode(new ChangeCursor(query!.Counted.Version, place.EffectiveAt.UtcTicks, place.Version)
                        .Format(TimeAxis.Effective))
                    : null),
            ApiJson.Options);
    }

    /// <returns>The movements, and the place after which the next page begins; null on the last page.</returns>
    private static async Task<(IReadOnlyList<AccountChange> Items, EffectivePlace? Last)> ReadAsync(
        AccountChanges changes, ExplanationQuery query, MovementFilter filter, Caller caller, int limit, CancellationToken ct)
    {
        var items = new List<AccountChange>();
        var place = query.After ?? new(query.Start, 0);
        // Without a filter the first events are mostly the page.
        var next = filter == MovementFilter.All ? limit + 1 : MaxAtOnce;
        for (var read = 0; read < MaxRead;)
        {
            var page = await changes.EffectiveAsync(query.Account, place, query.End, query.Counted.Version, next, ct);
            foreach (var change in page)
            {
                if (filter.Matches(change, caller))
                {
                    if (items.Count == limit)
                    {
                        return (items, place);
                    }

                    items.Add(change);
                }

                place = EffectivePlace.Of(change.Event);
            }

            if (page.Count < next)
            {
                return (items, null);
            }

            (read, next) = (read + page.Count, MaxAtOnce);
        }

        return (items, place);
    }
}
