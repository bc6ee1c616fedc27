using Banking.EventStore.Json;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Outbox;

public static class GetOutboxEndpoint
{
    /// <summary>What is published is at /v1/feed too, always.</summary>
    [WolverineGet("/ops/outbox")]
    [Tags("Operations")]
    [EndpointSummary("List where events are published to: what waits, how old, how fast, what is held and what is in the way")]
    [Authorize(Policies.Watch)]
    [ProducesResponseType<OutboxState>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(OutboxView view, HttpContext http) =>
        TypedResults.Json(await view.LookAsync(http.RequestAborted), ApiJson.Options);
}
