using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.SharedKernel;
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

    private static readonly string[] Kinds =
        ["deposit", "withdrawal", "transfer-sent", "transfer-received", "correction", "reversed", "rebooked"];

    [WolverineGet("/v1/accounts/{account}/balance/explain/movements", OperationId = "listExplainedMovements")]
    [MomentParameters]
    [PageParameters]
    [QueryParameter<DateOnly>("from", "Only movements effective from this day in UTC on.")]
    [QueryParameter<DateOnly>("to", "Only movements effective before this day.")]
    [QueryParameter("kind", "Only movements of this type of entry.", Values = new[]
    {
        "deposit", "withdrawal", "transfer-sent", "transfer-received", "correction", "reversed", "rebooked",
    })]
    [QueryParameter("counterparty", "Only movements of this counterparty, as the explanation names it.")]
    [Tags("Accounts")]
    [EndpointSummary("List the movements that a balance is made of, with their commands, reasons and corrections")]
    [EndpointDescription(
        "Lists the movements of a balance in the order of their effective times, each with the balance before and after it in this order, "
        + "its event and command, and links. A page with a cursor may have fewer items than the limit.")]
    [Authorize(Policies.Read)]
    [Problems("account_not_found", "malformed_filter", "malformed_period")]
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
        var filter = (Kind: Text(http.Request, "kind"), Counterparty: Text(http.Request, "counterparty"));
        problem ??= unfit ?? Problem(filter.Kind, filter.Counterparty);
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

        var (items, last) = await ReadAsync(changes, query!, filter, paging!.Limit, http.RequestAborted);
        var caller = http.Caller();
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
        AccountChanges changes, ExplanationQuery query, (string? Kind, string? Counterparty) filter, int limit, CancellationToken ct)
    {
        var items = new List<AccountChange>();
        var place = query.After ?? new(query.Start, 0);
        // Without a filter the first events are mostly the page.
        var next = filter is (null, null) ? limit + 1 : MaxAtOnce;
        for (var read = 0; read < MaxRead;)
        {
            var page = await changes.EffectiveAsync(query.Account, place, query.End, query.Counted.Version, next, ct);
            foreach (var change in page)
            {
                if (IsWanted(change, filter) && items.Count == limit)
                {
                    return (items, place);
                }

                if (IsWanted(change, filter))
                {
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

    private static bool IsWanted(AccountChange change, (string? Kind, string? Counterparty) filter) =>
        change.Event.Data is IMovement movement
        && (filter.Kind is null || EntryView.TypeOf(movement) == filter.Kind)
        && (filter.Counterparty is null || Counterparty.Of(movement).Key == filter.Counterparty);

    private static string? Text(HttpRequest request, string name) =>
        request.Query.TryGetValue(name, out var text) ? text.ToString() : null;

    private static Refusal? Problem(string? kind, string? counterparty) =>
        kind is not null && !Kinds.Contains(kind)
            ? Refusal.Malformed("malformed_filter", $"kind is one of {string.Join(", ", Kinds)}.")
        : counterparty is not null && PlainText.Problem(counterparty, 200) is { } why
            ? Refusal.Malformed("malformed_filter", $"counterparty: {why}")
        : null;
}
