using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.EventStore.Log;
using Banking.Publishing.Log;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Outbox;

/// <summary>What became of one event outside the bank.</summary>
/// <param name="Type">The type of its public contract; absent if the event is not published, such as an imported one.</param>
/// <param name="Position">The event's position in the log.</param>
/// <param name="Items">The destinations whose present filters take the event; empty if it is not published.</param>
public sealed record EventDeliveriesView(string EventId, string? Type, long Position, IReadOnlyList<DeliveryView> Items);

public static class GetDeliveriesEndpoint
{
    [WolverineGet("/v1/feed/deliveries", OperationId = "getDeliveries")]
    [QueryParameter("eventId", "The event, evt_….", IsRequired = true)]
    [Tags("Publication")]
    [EndpointSummary("Get which destinations have an event")]
    [EndpointDescription(
        "Gets which destinations acknowledged the event, have yet to receive it, rejected it, or do not receive it. The destinations are "
        + "those that take the event by their present settings; at the time of the event a webhook may have had another filter.")]
    [Authorize(Policies.ReadFeed)]
    [Problems("malformed_filter", "event_not_found")]
    [ReadsCompleteLog]
    [ProducesResponseType<EventDeliveriesView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(EventReader events, PublicLog log, EventDeliveries deliveries, HttpContext http)
    {
        var text = http.Request.Query["eventId"].ToString();
        if (!PublicId.TryParse("evt", text, out var id))
        {
            return new ProblemResult(Refusal.Malformed("malformed_filter", "eventId is the id of an event, evt_…."));
        }

        if (await events.FindAsync(id, http.RequestAborted) is not { } stored)
        {
            return new ProblemResult(Refusal.NotFound("event_not_found", "There is no such event."));
        }

        var published = await log.FindAsync(id, http.RequestAborted);
        return TypedResults.Json(
            new EventDeliveriesView(
                text, published?.Type, stored.Sequence,
                published is null ? [] : await deliveries.FindAsync(published, http.RequestAborted)),
            ApiJson.Options);
    }
}
