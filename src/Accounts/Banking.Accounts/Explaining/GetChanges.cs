using System.Globalization;
using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.EventStore.Json;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.Explaining;

/// <summary>What changed an account between two moments.</summary>
/// <param name="From">The first instant of the interval; absent for all from the beginning.</param>
/// <param name="To">The end of the interval, exclusive; absent for all up to the version, as is meant by one in the future.</param>
/// <param name="Version">The version of the account up to which its events count.</param>
/// <param name="Opening">The account before the first change of the interval; absent if it was not open.</param>
/// <param name="Closing">The account after the last change of the interval; absent if it was not open.</param>
/// <param name="Items">The changes, in the order of the axis.</param>
/// <param name="NextCursor">Opaque; absent on the last page.</param>
public sealed record ChangesView(
    string AccountId, TimeAxis Axis, DateTimeOffset? From, DateTimeOffset? To, long Version, AccountFactsView? Opening,
    AccountFactsView? Closing, IReadOnlyList<ChangeView> Items, string? NextCursor);

public static class GetChangesEndpoint
{
    [WolverineGet("/v1/accounts/{account}/changes", OperationId = "listChanges")]
    [PageParameters]
    [QueryParameter<TimeAxis>("axis", "Whether from and to are recorded or effective times; recorded if left out.")]
    [IntervalParameters("from", "to", "Recorded, or on the effective axis took effect,")]
    [QueryParameter<DateTimeOffset>("knownAt", "With axis=effective: of what the bank had recorded by this instant.")]
    [QueryParameter("tz", "The IANA time zone of local times and days, such as Europe/Berlin; days are those of UTC if left out.")]
    [Tags("Accounts")]
    [EndpointSummary("List what changed an account between two moments")]
    [EndpointDescription(
        "Lists the events of an account between two recorded or two effective times. Each shows the members that it changed, before and "
        + "after it. The opening, the changes and the closing of an interval are consistent.")]
    [Authorize(Policies.Read)]
    [Problems("account_not_found", "malformed_filter", "malformed_period", "known_in_future", "key_unavailable")]
    [ProducesResponseType<ChangesView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        string account, AccountReader reader, MomentReader moments, AccountChanges changes, EventViews events, TimeProvider clock,
        HttpContext http)
    {
        if (await reader.FindAsync(account, http) is not { } found)
        {
            return new ProblemResult(Visibility.NotFound(account));
        }

        var (paging, problem) = Paging.Read(http.Request);
        var (range, unfit) = ChangeQuery.Read(http.Request, clock.GetUtcNow());
        problem ??= unfit;
        ChangeCursor? cursor = null;
        if (problem is null && paging!.After is { } after)
        {
            cursor = ChangeCursor.Parse(after, range!.Axis, found.Version);
            problem = cursor is null ? Paging.Malformed : null;
        }

        return problem is not null
            ? new ProblemResult(problem)
            : TypedResults.Json(
                await new ChangesAnswer(found, range!, moments, changes, http.RequestAborted)
                    .ReadAsync(cursor, paging!, events, http.Caller()),
                ApiJson.Options);
    }
}

/// <summary>The place where a page begins: after an event, of those up to a version that the first page found.</summary>
/// <param name="Known">The version up to which events count, so that all pages agree.</param>
/// <param name="Ticks">The effective time of the event, on the effective axis.</param>
/// <param name="Version">The version of the event.</param>
internal sealed record ChangeCursor(long Known, long Ticks, long Version)
{
    public EffectivePlace Place => new(new(Ticks, TimeSpan.Zero), Version);

    public static ChangeCursor? Parse(string text, TimeAxis axis, long lastVersion) =>
        text.Split(' ') is [var name, var known, var ticks, var version] && name == Name(axis)
        && Exact.TryNumber(known, out var k) && Exact.TryNumber(ticks, out var t) && Exact.TryNumber(version, out var v)
        && k <= lastVersion && v <= k && (axis == TimeAxis.Recorded || IsInstant(t))
            ? new(k, t, v)
            : null;

    public string Format(TimeAxis axis) => string.Create(CultureInfo.InvariantCulture, $"{Name(axis)} {Known} {Ticks} {Version}");

    private static bool IsInstant(long ticks) => ticks >= ChangeQuery.Earliest.Ticks && ticks <= DateTimeOffset.MaxValue.Ticks;

    private static string Name(TimeAxis axis) => axis == TimeAxis.Recorded ? "r" : "e";
}
