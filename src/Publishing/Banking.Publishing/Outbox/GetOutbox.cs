using Banking.EventStore.Json;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Outbox;

public static class GetOutboxEndpoint
{
    /// <summary>The same events are always available at /v1/feed.</summary>
    [WolverineGet("/ops/outbox", OperationId = "listDestinations")]
    [Tags("Operations")]
    [EndpointSummary("List destinations of publication with backlog, age, rate, pauses and problems")]
    [EndpointDescription("Lists the destinations of publication with their backlog, age, rate, pauses and problems.")]
    [Authorize(Policies.Watch)]
    [ProducesResponseType<OutboxState>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(OutboxView view, HttpContext http) =>
        TypedResults.Json(await view.LookAsync(http.RequestAborted), ApiJson.Options);
}
