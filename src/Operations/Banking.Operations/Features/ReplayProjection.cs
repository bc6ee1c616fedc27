using System.ComponentModel.DataAnnotations;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.ReadModels.Replaying;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Operations.Features;

/// <summary>The part of the log to replay, and the target schema.</summary>
/// <param name="Schema">scratch_ and lower-case letters, digits and _; an existing schema of that name is dropped.</param>
/// <param name="AccountId">Only events of this account.</param>
/// <param name="From">Only events recorded from this instant on.</param>
/// <param name="To">Only events recorded before this instant.</param>
public sealed record ReplayRequest(
    string Schema,
    string? AccountId = null,
    DateTimeOffset? From = null,
    DateTimeOffset? To = null,
    [property: Required, StringLength(50, MinimumLength = 1), RegularExpression("^[a-z0-9_-]+$")] string ReasonCode = "",
    [property: Required, StringLength(500, MinimumLength = 1)] string Reason = "");

/// <summary>The result of a replay.</summary>
/// <param name="Rows">The number of rows by table.</param>
public sealed record ReplayView(string Schema, long Events, IReadOnlyDictionary<string, long> Rows);

public static class ReplayProjectionEndpoint
{
    /// <summary>Answers when the replay has finished. For a long log use the command line, which shows the progress.</summary>
    [WolverinePost("/ops/projections/{name}/replay", OperationId = "replayReadModel")]
    [Tags("Operations")]
    [EndpointSummary("Replay a part of the log into a scratch schema")]
    [EndpointDescription("Replays a part of the log into a schema of its own, which serves nothing.")]
    [Authorize(Policies.Operate)]
    [Problems(
        "projection_not_found", "not_for_documents", "malformed_schema", "malformed_account_id", "malformed_range", "reason_required",
        "invalid_text")]
    [ProducesResponseType<ReplayView>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(
        string name, ReplayRequest request, ProjectionOperations operations, Replay replay, HttpContext http) =>
        operations.RunAsync(name, request.ReasonCode, request.Reason, http, async (model, _) =>
        {
            var stream = Guid.Empty;
            if (!Replay.IsScratch(request.Schema))
            {
                return Invalid(
                    "malformed_schema",
                    "schema is scratch_ followed by lower-case letters, digits and _, at most 60 characters in all.",
                    "#/schema");
            }

            if (request.AccountId is not null && !PublicId.TryParse("acc", request.AccountId, out stream))
            {
                return Invalid("malformed_account_id", "accountId is the id of an account, acc_…", "#/accountId");
            }

            if (request.From >= request.To)
            {
                return Invalid("malformed_range", "from must be before to.", "#/from");
            }

            var result = await replay.RunAsync(
                model,
                request.Schema,
                new(request.AccountId is null ? null : stream, request.From, request.To),
                (_, _) => { },
                http.RequestAborted);
            return TypedResults.Json(new ReplayView(result.Schema, result.Events, result.Rows), ApiJson.Options);
        });

    private static ProblemResult Invalid(string code, string detail, string pointer) =>
        new(Refusal.Invalid(code, detail, pointer));
}
