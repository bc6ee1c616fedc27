using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.Accounts.Domain;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.EventStore.Json;
using Banking.SharedKernel;
using Banking.Web.Http;
using Marten;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.ReadModels;

/// <summary>A recorded refusal, with the facts that the decision saw.</summary>
/// <param name="Version">The version of the account that the decision saw. A refusal does not change it.</param>
/// <param name="Command">Null if the refusal is older than the recording of commands.</param>
public sealed record RefusalView(
    string Id,
    string Operation,
    string Code,
    string Detail,
    JsonElement Facts,
    long Version,
    DateTimeOffset RecordedAt,
    string Actor,
    string Role,
    string Channel,
    ReasonView? Reason,
    string CorrelationId,
    string IdempotencyKey,
    RefusedCommandView? Command);

/// <summary>The command that was refused.</summary>
/// <param name="Type">The stored name of the command.</param>
/// <param name="Fields">The command's members as given, with money as decimal strings.</param>
public sealed record RefusedCommandView(string Type, JsonNode? Fields)
{
    internal static RefusedCommandView Of(CommandData command) => new(command.Type, Shown(JsonObject.Create(command.Fields)));

    /// <summary>Converts stored money, in minor units, to decimal strings.</summary>
    private static JsonNode? Shown(JsonNode? stored) => stored switch
    {
        JsonObject money when money.ContainsKey("minor") && money.ContainsKey("currency") =>
            JsonSerializer.SerializeToNode(Amount.Of(money.Deserialize<Money>()), ApiJson.Options),
        JsonObject members => new JsonObject(members.Select(m => new KeyValuePair<string, JsonNode?>(m.Key, Shown(m.Value)))),
        _ => stored?.DeepClone(),
    };
}

public static class GetRefusalsEndpoint
{
    [WolverineGet("/v1/accounts/{account}/refusals", OperationId = "listRefusals")]
    [PageParameters]
    [Tags("Accounts")]
    [EndpointSummary("List refused commands, with the facts that each decision saw")]
    [EndpointDescription("Lists the commands that were refused, with the facts that each decision saw.")]
    [Authorize(Policies.Read)]
    [Problems("account_not_found")]
    [ProducesResponseType<Page<RefusalView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(string account, AccountReader reader, IQuerySession session, HttpContext http)
    {
        if (await reader.FindAsync(account, http) is not { } found)
        {
            return new ProblemResult(Visibility.NotFound(account));
        }

        var (paging, problem) = Paging.Read(http.Request);
        var before = Guid.AllBitsSet;
        if (problem is not null || (paging!.After is not null && !Exact.TryId(paging.After, out before)))
        {
            return new ProblemResult(problem ?? Paging.Malformed);
        }

        // Ids sort by time, so this order is newest first.
        var refusals = await session.QueryAsync<RecordedRefusal>(
            "where (d.data ->> 'streamId')::uuid = ? and d.id < ? order by d.id desc limit ?",
            http.RequestAborted,
            found.Id,
            before,
            paging.Limit + 1);
        return TypedResults.Json(
            Page<RefusalView>.Of([.. refusals.Select(View)], paging.Limit, r => r.Id[(RefusalId.Prefix.Length + 1)..]), ApiJson.Options);
    }

    private static RefusalView View(RecordedRefusal r) =>
        new(
            PublicId.Format(RefusalId.Prefix, r.Id),
            r.Operation,
            r.Code,
            r.Detail,
            JsonSerializer.Deserialize<JsonElement>(r.Facts),
            r.StreamVersion,
            r.RecordedAt,
            r.Actor,
            r.Role,
            r.Channel,
            r.ReasonCode is null && r.ReasonText is null ? null : new(r.ReasonCode, r.ReasonText),
            r.CorrelationId,
            r.IdempotencyKey,
            r.Command is null ? null : RefusedCommandView.Of(r.Command));
}
