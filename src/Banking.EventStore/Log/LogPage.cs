using JasperFx.Events;

namespace Banking.EventStore.Log;

/// <summary>
/// The events from one position to another, oldest first: all that there will ever be, as long as the log was complete up to there.
/// </summary>
/// <param name="End">The position that it goes to, whether or not there is an event at it.</param>
public sealed record LogPage(IReadOnlyList<IEvent> Events, long End);
