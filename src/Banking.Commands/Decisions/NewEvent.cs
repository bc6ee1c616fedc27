namespace Banking.Commands.Decisions;

/// <summary>An event that a decision adds to a stream.</summary>
/// <param name="EventId">Id of the event. An event that is a resource of the API has the id of the resource, so that it can be looked up
/// in the log.</param>
public sealed record NewEvent(Guid StreamId, Guid EventId, object Data);
