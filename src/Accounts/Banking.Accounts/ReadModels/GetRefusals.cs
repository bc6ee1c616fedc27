using System.Text.Json.Nodes;
using Banking.Accounts.Domain;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.EventStore.Callers;
using Banking.EventStore.Json;
using Banking.EventStore.Published;
using Banking.EventStore.Sealing;
using Banking.EventStore.Storage;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.ReadModels;

/// <summary>A recorded refusal, with the facts that the decision saw.</summary>
/// <param name="Version">The version of the account that the decision saw. A refusal does not change it.</param>
/// <param name="Actor">Shown only to staff and to this actor; so are operation, detail, facts, reason, correlation, key and
/// command.</param>
/// <param name="Command">Null if the refusal is older than the recording of commands.</param>
public sealed record RefusalView(
    string Id,
    string? Operation,
    string Code,
    string? Detail,
    JsonNode? Facts,
    long Version,
    DateTimeOffset RecordedAt,
    string? Actor,
    string Role,
    string Channel,
    ReasonView? Reason,
    string? CorrelationId,
    string? IdempotencyKey,
    RefusedCommandView? Command)
{
    internal static RefusalView Of(RecordedRefusal r, Caller caller, SealedMembers texts)
    {
        var isShown = caller.CanSeeOrigin(r);
        string? Known(string? text) => isShown ? text : null;
        var (code, text) = (Known(r.ReasonCode), Known(r.ReasonText));
        return new(
            PublicId.Format(RefusalId.Prefix, r.Id),
            Known(r.Operation),
            r.Code,
            Known(r.Detail),
            isShown ? JsonNode.Parse(r.Facts) : null,
            r.StreamVersion,
            r.RecordedAt,
            Known(r.Actor),
            r.Role,
            r.Channel,
            code is null && text is null ? null : new(code, text),
            Known(r.CorrelationId),
            Known(r.IdempotencyKey),
            isShown && r.Command is { } command ? RefusedCommandView.Of(command, texts) : null);
    }
}

/// <summary>The command that was refused.</summary>
/// <param name="Type">The stored name of the command.</param>
/// <param name="Fields">The command's members as given, with money as in requests.</param>
public sealed record RefusedCommandView(string Type, JsonNode? Fields)
{
    internal static RefusedCommandView Of(CommandData command, SealedMembers texts) =>
        new(command.Type, PublicEventData.WithMoney(texts.Open(JsonObject.Create(command.Fields))));
}

public static class GetRefusalsEndpoint
{
    /// <summary>
    /// Newest first, because ids sort by time. A refusal whose recorded time is no time is listed whatever was known when.
    /// </summary>
    private static readonly string OfAccount =
        RefusalReader.Select + "where (d.data ->> 'streamId')::uuid = $1 and d.id < $2 "
        + "and ($3 or d.data -> 'command' ->> 'type' is distinct from $4) "
        + $"and coalesce({StoredTime.Of("d.data ->> 'recordedAt'")} <= $5, true) order by d.id desc limit $6";

    [WolverineGet("/v1/accounts/{account}/refusals", OperationId = "listRefusals")]
    [PageParameters]
    [KnownAtParameter]
    [QueryParameter("tz", "The IANA time zone of a local knownAt, such as Europe/Berlin.")]
    [Tags("Accounts")]
    [EndpointSummary("List refused commands, with the facts that each decision saw")]
    [EndpointDescription(
        "Lists the commands that were refused, with the facts that each decision saw. A refusal changed nothing, so it has no effective "
        + "time.")]
    [Authorize(Policies.Read)]
    [Problems("account_not_found", "key_unavailable")]
    [ProducesResponseType<Page<RefusalView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        string account, AccountReader reader, RefusalReader stored, SealedMembers texts, TimeProvider clock, HttpContext http)
    {
        if (await reader.FindAsync(account, http) is not { } found)
        {
            return new ProblemResult(Visibility.NotFound(account));
        }

        var (paging, before, problem) = Paging.ReadIds(http.Request, Guid.AllBitsSet);
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var (knownAt, unfit) = KnownAtQuery.Read(http.Request, clock.GetUtcNow());
        if ((unfit ?? InstantQuery.ZoneProblem(http.Request)) is { } wrong)
        {
            return new ProblemResult(wrong);
        }

        if (knownAt is { } instant)
        {
            await reader.WaitForWritersAsync(found.Id, instant, http.RequestAborted);
        }

        var caller = http.Caller();
        // Only staff correct and see refused corrections: the code alone may be about the account on the other side of a transfer.
        var refusals = await stored.ListAsync(
            OfAccount,
            [
                found.Id, before, caller.IsStaff, CorrectionOperation.Message, (knownAt ?? DateTimeOffset.MaxValue).UtcDateTime,
                paging!.Limit + 1,
            ],
            http.RequestAborted);
        return TypedResults.Json(
            Page<RefusalView>.Of(
                [.. refusals.Select(r => RefusalView.Of(r, caller, texts))], paging, r => r.Id[(RefusalId.Prefix.Length + 1)..]),
            ApiJson.Options);
    }
}
