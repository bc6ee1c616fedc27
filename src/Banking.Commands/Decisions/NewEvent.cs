namespace Banking.Commands.Decisions;

/// <summary>A fact that a decision wants stored.</summary>
/// <param name="EventId">Becomes the event's id; for a movement it is the movement's own id, so that the log itself can be asked for
/// it.</param>
public sealed record NewEvent(Guid StreamId, Guid EventId, object Data);
