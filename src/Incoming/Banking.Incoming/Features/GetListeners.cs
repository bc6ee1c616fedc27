using Banking.EventStore.Json;
using Banking.Incoming.Listening;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Incoming.Features;

/// <summary>A queue from which this host takes commands.</summary>
/// <param name="Service">The only service that may send to it; absent if messages carry tokens.</param>
/// <param name="Operations">The commands that may be sent.</param>
/// <param name="State">connecting, listening, or waiting (messages are held because they cannot be decided now).</param>
/// <param name="Reason">Why it is not listening; absent if it is.</param>
public sealed record ListenerView(
    string Name, string Queue, string Broker, string? Service, IReadOnlyList<string> Operations, string State, DateTimeOffset Since,
    string? Reason);

/// <summary>The queues from which this host takes commands.</summary>
public sealed record ListenersView(IReadOnlyList<ListenerView> Items);

public static class GetListenersEndpoint
{
    [WolverineGet("/ops/incoming", OperationId = "listListeners")]
    [Tags("Operations")]
    [EndpointSummary("List the queues from which this host takes commands, and their state")]
    [EndpointDescription("Lists the queues from which this host takes commands, with the state of each.")]
    [Authorize(Policies.Watch)]
    [ProducesResponseType<ListenersView>(StatusCodes.Status200OK)]
    public static IResult Get(ListenerStates states)
    {
        return TypedResults.Json(new ListenersView([.. states.All.Select(View)]), ApiJson.Options);
    }

    private static ListenerView View(ListenerState s) =>
        new(s.Queue.Name, s.Queue.Queue, s.Queue.Broker, s.Queue.Actor, s.Queue.OperationNames, s.Name, s.Since, s.Reason);
}
