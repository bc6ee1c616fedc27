namespace Banking.Consumer.Sources;

/// <summary>One delivery of an event. The same event may be delivered again, at the latest after a restart.</summary>
/// <param name="Body">The CloudEvent, in structured JSON.</param>
/// <param name="AcknowledgeAsync">To be called once the event is in the book, and in the order of delivery: what was not acknowledged comes
/// again.</param>
public sealed record Delivery(ReadOnlyMemory<byte> Body, Func<ValueTask> AcknowledgeAsync);

/// <summary>Somewhere the bank publishes its events to.</summary>
public interface IEventSource
{
    /// <summary>
    /// Events as they come, until cancelled: then it throws or ends. Between two deliveries there may be silence, but never a loss that is
    /// not told.
    /// </summary>
    IAsyncEnumerable<Delivery> ReadAsync(CancellationToken cancellation);
}
