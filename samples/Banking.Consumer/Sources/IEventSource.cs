namespace Banking.Consumer.Sources;

/// <summary>One delivery of an event. The same event may be delivered several times.</summary>
/// <param name="Body">The CloudEvent in structured JSON.</param>
/// <param name="AcknowledgeAsync">Call it after the event is applied, in the order of delivery. Unacknowledged events are delivered again.
/// </param>
public sealed record Delivery(ReadOnlyMemory<byte> Body, Func<ValueTask> AcknowledgeAsync);

/// <summary>A destination to which the bank publishes events, as seen by a consumer.</summary>
public interface IEventSource
{
    /// <summary>
    /// Delivers events as they arrive, until cancelled; then it throws or ends. It never loses an event silently: a loss is an exception.
    /// </summary>
    IAsyncEnumerable<Delivery> ReadAsync(CancellationToken cancellation);
}
