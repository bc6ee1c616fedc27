using JasperFx.Events;

namespace Banking.EventStore.Appending;

/// <summary>An event to be stored, with its stream, version and metadata.</summary>
public sealed record EventEnvelope(
    Guid StreamId,
    long Version,
    IEvent Event,
    DateTimeOffset RecordedAt,
    string Actor,
    string CorrelationId,
    string? CausationId,
    IReadOnlyDictionary<string, object> Headers)
{
    /// <summary>The position in the log, known once the event is stored.</summary>
    public long Position { get; internal set; }
}

/// <summary>Version of a stream after an append.</summary>
/// <param name="ExpectedVersion">Version before the append; 0 starts the stream.</param>
public sealed record StreamHead(Guid StreamId, string StreamType, long ExpectedVersion, long Version, DateTimeOffset RecordedAt);
