using Wolverine;
using Wolverine.Transports;

namespace Banking.Commands.Groups;

/// <summary>
/// Sends a command over the bank's own bus in the name of a service outside, whose identity was checked. The actor is in a header, which
/// counts only in messages that this bank sent itself (<see cref="CommandMessage"/>).
/// </summary>
public static class ServiceMessage
{
    private const string Actor = "banking-actor";
    private const string Causation = "banking-causation";

    /// <param name="actor">The actor of the events.</param>
    /// <param name="causationId">What made the service send the command; null if it is not known.</param>
    public static DeliveryOptions Options(string actor, string? causationId)
    {
        var options = new DeliveryOptions().WithHeader(Actor, actor);
        return causationId is null ? options : options.WithHeader(Causation, causationId);
    }

    /// <summary>
    /// Whether this bank sent the message to itself. A listener of Wolverine sets the destination of a message to its own address, and
    /// reads everything else from the message.
    /// </summary>
    public static bool IsOwn(Envelope envelope)
    {
        return envelope.Destination is null || envelope.Destination.Scheme == TransportConstants.Local;
    }

    internal static string? ActorOf(Envelope envelope) => Find(envelope, Actor);

    internal static string? CausationOf(Envelope envelope) => Find(envelope, Causation);

    private static string? Find(Envelope envelope, string header) =>
        envelope.Headers.TryGetValue(header, out var value) && value is { Length: > 0 } ? value : null;
}
