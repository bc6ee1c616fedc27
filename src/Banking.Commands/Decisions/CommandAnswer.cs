namespace Banking.Commands.Decisions;

/// <summary>The answer to an accepted command, before it is serialized.</summary>
/// <param name="IsNew">Whether the command created the thing that the answer shows.</param>
/// <param name="StreamId">The stream whose version is the ETag.</param>
/// <param name="Location">The address of the new thing; null where it has none.</param>
public sealed record CommandAnswer(bool IsNew, object View, Guid StreamId, string? Location = null)
{
    /// <summary>Whether the command was proposed, and waits for an approval.</summary>
    public bool IsProposed { get; init; }

    public static CommandAnswer Created(object view, Guid streamId, string? location = null) => new(true, view, streamId, location);

    public static CommandAnswer Changed(object view, Guid streamId) => new(false, view, streamId);
}
