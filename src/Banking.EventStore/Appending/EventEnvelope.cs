using JasperFx.Events;

namespace Banking.EventStore.Appending;

/// <summary>One event ready to be stored, with its place in its stream and everything about it that is not the fact itself.</summary>
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
    /// <summary>Its place in the whole log, known once it is stored.</summary>
    public long Position { get; internal set; }
}

/// <summary>Where a stream stands after an append.</summary>
/// <param name="ExpectedVersion">Where it stood before; 0 starts the stream.</param>
public sealed record StreamHead(Guid StreamId, string StreamType, long ExpectedVersion, long Version, DateTimeOffset RecordedAt);
