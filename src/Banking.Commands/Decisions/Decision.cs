namespace Banking.Commands.Decisions;

/// <summary>Result of a decision: accepted, refused or rejected. A decision never throws.</summary>
public abstract record Decision
{
    private Decision()
    {
    }

    /// <summary>The command is accepted: these events are stored, all or none.</summary>
    public sealed record Accepted(params IReadOnlyList<NewEvent> Events) : Decision
    {
        /// <summary>Events for the stream of another kind that the command joined; stored after the others.</summary>
        public IReadOnlyList<NewEvent> Joined { get; init; } = [];

        /// <summary>Documents stored in the transaction of the events.</summary>
        public IReadOnlyList<object> Documents { get; init; } = [];

        /// <summary>
        /// Messages to other modules and services: stored with the events and sent after the commit. Each needs a handler or a route.
        /// </summary>
        public IReadOnlyList<object> Messages { get; init; } = [];

        /// <summary>Commands for later: stored with the events, and decided when the bank's clock reaches their time.</summary>
        public IReadOnlyList<DueCommand> Due { get; init; } = [];
    }

    /// <summary>
    /// A business rule refuses the command. The refusal is stored with the facts that the decision saw, and is the answer to each repeat
    /// of the command. The stream does not change.
    /// </summary>
    public sealed record Refused(Refusal Refusal) : Decision;

    /// <summary>There is nothing to decide: a stream does not exist, or is not at the required version. Nothing is stored.</summary>
    public sealed record Rejected(Refusal Refusal) : Decision;
}
