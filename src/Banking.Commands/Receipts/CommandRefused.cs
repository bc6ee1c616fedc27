using Banking.EventStore.Appending;

namespace Banking.Commands.Receipts;

/// <summary>
/// A business rule refused a command. The reason and the facts are in the refusal with this id, not here: readers of the log must
/// not learn facts of a decision.
/// </summary>
/// <param name="Subject">The stream under which the refusal is listed; the refusal does not change it.</param>
/// <param name="SubjectVersion">The version of that stream which the decision saw; 0 if the stream did not exist.</param>
/// <param name="Operation">The operation as its caller named it: a route or the name of a message.</param>
/// <param name="Code">Code of the rule that refused.</param>
/// <param name="EffectiveAt">Time of the decision.</param>
public sealed record CommandRefused(Guid Subject, long SubjectVersion, string Operation, string Code, DateTimeOffset EffectiveAt)
{
    /// <summary>
    /// Stream type of refusals, permanent in the log. Each refusal is a stream of its own: an event on the subject's stream would change
    /// its version and wait for its lock.
    /// </summary>
    public const string StreamType = "refusal";

    /// <summary>The prefix of the public ids of refusals.</summary>
    public const string Prefix = "ref";

    internal static CommandRefused Of(RecordedRefusal refusal) =>
        new(refusal.StreamId, refusal.StreamVersion, refusal.Operation, refusal.Code, refusal.RecordedAt);

    /// <summary>The stream of the refusal has this one event, under the refusal's id.</summary>
    internal static StreamHead Head(EventEnvelope e) => new(e.StreamId, StreamType, 0, e.Version, e.RecordedAt);
}
