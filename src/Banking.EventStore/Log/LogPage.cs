using JasperFx.Events;

namespace Banking.EventStore.Log;

/// <summary>The events from one position to another, oldest first. The page is final if the log was complete up to its end.</summary>
/// <param name="End">The last position of the page, with or without an event.</param>
public sealed record LogPage(IReadOnlyList<IEvent> Events, long End);
