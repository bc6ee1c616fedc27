using Banking.EventStore.Json;
using Banking.Web.Backups;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Operations.Features;

public static class GetBackupsEndpoint
{
    [WolverineGet("/ops/backups", OperationId = "getBackups")]
    [Tags("Operations")]
    [EndpointSummary("Show the backups: base backups, how far the archived log reaches, and problems")]
    [EndpointDescription("Shows the backups of the private cluster. A database of its own has its own tools.")]
    [Authorize(Policies.Watch)]
    [ProducesResponseType<BackupsView>(StatusCodes.Status200OK)]
    public static IResult Get(BackupWatch backups) => TypedResults.Json(backups.Read(), ApiJson.Options);
}
