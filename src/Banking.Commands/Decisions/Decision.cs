namespace Banking.Commands.Decisions;

/// <summary>What a decision can answer: one of three, never an exception.</summary>
public abstract record Decision
{
    private Decision()
    {
    }

    /// <summary>Yes: these facts are stored, all or none.</summary>
    public sealed record Accepted(params IReadOnlyList<NewEvent> Events) : Decision
    {
        /// <summary>Documents that must stand or fall with the events.</summary>
        public IReadOnlyList<object> Documents { get; init; } = [];

        /// <summary>
        /// Messages to other modules and services: stored with the events, and sent once they are committed. Each has a handler or a route.
        /// </summary>
        public IReadOnlyList<object> Messages { get; init; } = [];

        /// <summary>Commands for later: stored with the events, and decided when the bank's clock reaches their time.</summary>
        public IReadOnlyList<DueCommand> Due { get; init; } = [];
    }

    /// <summary>
    /// A rule says no. Stored with the facts it saw, and repeated to whoever repeats the command; the account does not move.
    /// </summary>
    public sealed record Refused(Refusal Refusal) : Decision;

    /// <summary>Nothing to decide upon: not found, not the version demanded. Nothing is stored.</summary>
    public sealed record Rejected(Refusal Refusal) : Decision;
}

/// <summary>A no that says why.</summary>
/// <param name="Code">Stable, for programs.</param>
/// <param name="Status">The HTTP status it is answered with.</param>
/// <param name="Detail">A sentence, for people.</param>
/// <param name="Facts">What the decision saw, fit to act upon.</param>
/// <param name="Pointer">JSON pointer to the member it is about, where there is one.</param>
public sealed record Refusal(string Code, int Status, string Detail, IReadOnlyDictionary<string, object> Facts, string? Pointer = null)
{
    public static Refusal Of(string code, int status, string detail, params ReadOnlySpan<(string Name, object Value)> facts)
    {
        var named = new Dictionary<string, object>();
        foreach (var (name, value) in facts)
        {
            named[name] = value;
        }

        return new(code, status, detail, named);
    }
}
