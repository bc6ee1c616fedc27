using System.Text.Json;
using Banking.Commands.Decisions;
using Banking.EventStore.Streams;
using JasperFx.Events;

namespace Banking.ReadModels.Comparing;

/// <summary>An accepted command, as one stream knows it.</summary>
/// <param name="Stream">The id of the stream.</param>
/// <param name="Events">Its events in the stream, oldest first; at least one. They have no headers.</param>
/// <param name="Stored">
/// The stored answer, for members that only other streams know; null if it expired. What is taken from it is not compared.
/// </param>
/// <param name="IsApproved">
/// Whether it was carried out because its proposal was approved. The answer is then that of the approval.
/// </param>
public record AnsweredCommand(
    Guid Stream, IReadOnlyList<IEvent> Events, JsonElement? Stored, string? ReasonCode, string? Reason, bool IsApproved)
{
    public IEvent First => Events[0];

    /// <summary>The time of the decision.</summary>
    public DateTimeOffset Now => First.Timestamp;
}

/// <param name="State">The state of the stream right after the command.</param>
public sealed record AnsweredCommand<TState>(AnsweredCommand Command, TState State) : AnsweredCommand(Command);

/// <summary>Makes the answers to accepted commands again from the log, for one kind of stream.</summary>
public abstract class AnswerRule
{
    internal abstract string StreamType { get; }

    /// <summary>Folds one more event.</summary>
    internal abstract object Next(object? state, Guid stream, IEvent e);

    /// <returns>Null if another stream knows the answer.</returns>
    internal abstract MadeAnswer? Make(AnsweredCommand command, object state);
}

/// <summary>An answer that was made again from the log.</summary>
/// <param name="Version">The version of the receipt; null if the stream does not know it.</param>
internal sealed record MadeAnswer(CommandAnswer Answer, long? Version);

/// <summary>Makes the answers to accepted commands again from events and states of this kind.</summary>
/// <param name="make">
/// Makes the same answer as the command did. Null if another stream knows it, such as that of the payer. An answer with the id of another
/// stream has a version that this one does not know.
/// </param>
public sealed class AnswerRule<TState>(Func<AnsweredCommand<TState>, CommandAnswer?> make) : AnswerRule
    where TState : class, IEventSourced<TState>
{
    internal override string StreamType => TState.StreamType;

    internal override object Next(object? state, Guid stream, IEvent e) => StreamFold.Next((TState?)state, stream, e);

    internal override MadeAnswer? Make(AnsweredCommand command, object state) =>
        make(new(command, (TState)state)) is { } answer
            ? new(answer, answer.StreamId == command.Stream ? ((TState)state).Version : null)
            : null;
}
