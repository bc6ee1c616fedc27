using Banking.Platform;
using Banking.Platform.Commands;
using Banking.Platform.Http;
using Banking.Platform.ReadModels;
using Banking.Platform.Security;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Operations.ReadModels;

/// <summary>Which portion of the log is projected where.</summary>
/// <param name="Schema">scratch_ and lower-case letters, digits and _; what is there is dropped.</param>
/// <param name="AccountId">Only this account.</param>
/// <param name="From">Only what was recorded from this instant on.</param>
/// <param name="To">Only what was recorded before this instant.</param>
public sealed record ReplayRequest(
    string Schema,
    string? AccountId = null,
    DateTimeOffset? From = null,
    DateTimeOffset? To = null,
    string ReasonCode = "",
    string Reason = "");

/// <summary>What a replay made.</summary>
/// <param name="Rows">Rows by table.</param>
public sealed record ReplayView(string Schema, long Events, IReadOnlyDictionary<string, long> Rows);

public static class ReplayProjectionEndpoint
{
    /// <summary>Answers when it is done. For a long log the command line shows how far it is.</summary>
    [WolverinePost("/ops/projections/{name}/replay")]
    [Tags("Operations")]
    [EndpointSummary("Project a portion of the log into a schema of its own, for looking at")]
    [Authorize(Policies.Operate)]
    [ProducesResponseType<ReplayView>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(string name, ReplayRequest request, ProjectionDesk desk, Replay replay, HttpContext http) =>
        desk.RunAsync(name, request.ReasonCode, request.Reason, http, async (model, _) =>
        {
            var stream = Guid.Empty;
            if (!Replay.IsScratch(request.Schema))
            {
                return Wrong(
                    "malformed_schema",
                    "A scratch schema is named scratch_ and lower-case letters, digits and _, at most 60 of them.",
                    "#/schema");
            }

            if (request.AccountId is not null && !PublicId.TryParse("acc", request.AccountId, out stream))
            {
                return Wrong("malformed_account_id", "accountId is the id of an account, acc_…", "#/accountId");
            }

            if (request.From >= request.To)
            {
                return Wrong("malformed_range", "from is before to.", "#/from");
            }

            var made = await replay.RunAsync(
                model,
                request.Schema,
                new(request.AccountId is null ? null : stream, request.From, request.To),
                (_, _) => { },
                http.RequestAborted);
            return TypedResults.Json(new ReplayView(made.Schema, made.Events, made.Rows), ApiJson.Options);
        });

    private static ProblemResult Wrong(string code, string detail, string pointer) =>
        new(Problems.Malformed(code, detail, pointer, status: 422));
}
