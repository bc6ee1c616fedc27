using System.ComponentModel.DataAnnotations;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.Web.Backups;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Operations.Features;

/// <summary>The reason for a base backup.</summary>
/// <param name="ReasonCode">Lower-case letters, digits, - and _.</param>
/// <param name="Reason">The reason in words.</param>
public sealed record StartBackupRequest(
    [property: Required, StringLength(50, MinimumLength = 1), RegularExpression("^[a-z0-9_-]+$")] string ReasonCode = "",
    [property: Required, StringLength(500, MinimumLength = 1)] string Reason = "");

public static class StartBackupEndpoint
{
    [WolverinePost("/ops/backups", OperationId = "startBackup")]
    [Tags("Operations")]
    [EndpointSummary("Begin a base backup of the private cluster now")]
    [EndpointDescription("Begins a base backup, as before a risky change. GET /ops/backups shows it when it is complete.")]
    [Authorize(Policies.Operate)]
    [Problems("backups_not_managed", "backup_running", "reason_required", "invalid_text")]
    [ProducesResponseType<BackupsView>(StatusCodes.Status202Accepted)]
    public static Task<IResult> Post(StartBackupRequest request, BackupWatch backups, BackupRequests requests, HttpContext http) =>
        ProjectionOperations.RunAsync(request.ReasonCode, request.Reason, http, async action =>
        {
            if (!backups.Read().Managed)
            {
                return new ProblemResult(Refusal.Conflict(
                    "backups_not_managed", "This host makes no backups: they are turned off, or the database has tools of its own."));
            }

            if (!await requests.RequestAsync(action, http.RequestAborted))
            {
                return new ProblemResult(Refusal.Conflict("backup_running", "A base backup is running."));
            }

            http.Response.Headers.Location = "/ops/backups";
            return TypedResults.Json(backups.Read(), ApiJson.Options, statusCode: StatusCodes.Status202Accepted);
        });
}
