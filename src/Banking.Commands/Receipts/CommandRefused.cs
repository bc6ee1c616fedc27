using Banking.EventStore.Appending;

namespace Banking.Commands.Receipts;

/// <summary>
/// A rule said no to a command. Why, and the facts that the decision saw, stand in the refusal of this id: balances are no matter of the
/// log's readers.
/// </summary>
/// <param name="Subject">The stream that it is listed under; what was refused moves nothing there.</param>
/// <param name="SubjectVersion">The version of that stream which the decision saw; 0 where there is no such stream yet.</param>
/// <param name="Operation">What was asked, as its caller named it: a route or the name of a message.</param>
/// <param name="Code">Which rule said no.</param>
/// <param name="EffectiveAt">When it was decided.</param>
public sealed record CommandRefused(Guid Subject, long SubjectVersion, string Operation, string Code, DateTimeOffset EffectiveAt)
{
    /// <summary>
    /// The name of its stream's kind, in the log for ever. Each refusal is a stream of its own: on its subject's it would move the version,
    /// and wait for it.
    /// </summary>
    public const string StreamType = "refusal";

    internal static CommandRefused Of(RecordedRefusal refusal) =>
        new(refusal.StreamId, refusal.StreamVersion, refusal.Operation, refusal.Code, refusal.RecordedAt);

    /// <summary>Its stream begins and ends with it, under the refusal's id.</summary>
    internal static StreamHead Head(EventEnvelope e) => new(e.StreamId, StreamType, 0, e.Version, e.RecordedAt);
}
