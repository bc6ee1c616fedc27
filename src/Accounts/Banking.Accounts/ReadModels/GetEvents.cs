using System.Globalization;
using System.Text.Json;
using Banking.Accounts.Domain;
using Banking.EventStore.Json;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.ReadModels;

/// <summary>One stored event with its metadata.</summary>
/// <param name="Actor">Shown only to staff and to this actor; so are operation, reason, correlation, causation and key.</param>
/// <param name="Approval">Who proposed and approved the command; absent if it was sent directly. Shown like the actor.</param>
/// <param name="Position">The event's position in the log.</param>
/// <param name="Archived">true: the data was read from an archive file; absent otherwise.</param>
/// <param name="Data">The event's data, with money and ids in the form of the API.</param>
public sealed record EventView(
    string Id,
    string Type,
    long Version,
    long Position,
    DateTimeOffset RecordedAt,
    DateTimeOffset? EffectiveAt,
    string? Actor,
    string? Role,
    string? Channel,
    string? Operation,
    ReasonView? Reason,
    EventApprovalView? Approval,
    string? CorrelationId,
    string? CausationId,
    string? IdempotencyKey,
    bool? Archived,
    JsonElement Data);

/// <summary>The approval of a command that was proposed.</summary>
/// <param name="ProposalId">The proposal.</param>
public sealed record EventApprovalView(string ProposalId, string? ProposedBy, string? ApprovedBy);

/// <summary>The reason of a command.</summary>
public sealed record ReasonView(string? Code, string? Text);

public static class GetEventsEndpoint
{
    [WolverineGet("/v1/accounts/{account}/events", OperationId = "listAccountEvents")]
    [PageParameters]
    [KnownAtParameter]
    [QueryParameter("tz", "The IANA time zone of a local knownAt, such as Europe/Berlin.")]
    [QueryParameter<long>("version", "Only the events up to this version; not with knownAt.", Minimum = 1)]
    [Tags("Accounts")]
    [EndpointSummary("List the events of an account with their metadata")]
    [EndpointDescription(
        "Lists the events that the account is made of, in the order of recording, with the metadata that the caller may see. The changes "
        + "of the account have them in the order of effective times.")]
    [Authorize(Policies.Read)]
    [Problems("account_not_found", "malformed_version", "version_not_found", "key_unavailable")]
    [ProducesResponseType<Page<EventView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        string account, AccountReader reader, EventViews views, MomentReader moments, TimeProvider clock, HttpContext http)
    {
        if (await reader.FindAsync(account, http) is not { } found)
        {
            return new ProblemResult(Visibility.NotFound(account));
        }

        var (paging, after, problem) = Paging.ReadNumbers(http.Request, 0);
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var (moment, unfit) = Moment.Read(http.Request, found, clock.GetUtcNow());
        if (unfit is not null)
        {
            return new ProblemResult(unfit);
        }

        var upTo = Math.Min((await moments.ReadAsync(found, moment!, http.RequestAborted)).Version, after + paging!.Limit + 1);
        var events = upTo <= after ? [] : await reader.EventsAsync(found.Id, upTo, after + 1, http.RequestAborted);
        var caller = http.Caller();
        return TypedResults.Json(
            Page<EventView>.Of(
                [.. events.Select(e => views.Of(e, caller))], paging, e => e.Version.ToString(CultureInfo.InvariantCulture)),
            ApiJson.Options);
    }
}
