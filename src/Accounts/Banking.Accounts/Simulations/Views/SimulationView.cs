namespace Banking.Accounts.Simulations.Views;

/// <summary>The states of a simulation.</summary>
public enum SimulationState
{
    /// <summary>A host replays the history.</summary>
    Running,

    /// <summary>The answer is there.</summary>
    Finished,

    /// <summary>Its time was over before the end of the history. There is no answer.</summary>
    Stopped,

    /// <summary>The host that ran it has ended. There is no answer.</summary>
    Interrupted,

    /// <summary>It was cancelled, and cannot be read any more.</summary>
    Cancelled,

    /// <summary>It could not be run to the end, for the reason in problem.</summary>
    Failed,
}

/// <summary>The progress of a simulation.</summary>
/// <param name="Done">The number of events and refused commands that were replayed.</param>
/// <param name="Total">The number of events and refused commands in all.</param>
/// <param name="RecordedAt">When the last of these events was recorded.</param>
public sealed record SimulationProgress(long Done, long Total, DateTimeOffset? RecordedAt = null);

/// <summary>A simulation.</summary>
/// <param name="ExpiresAt">Until when it can be read.</param>
/// <param name="Problem">Why it failed.</param>
/// <param name="Result">The answer, once it is finished.</param>
public sealed record SimulationView(
    string Id, SimulationState State, SimulationProgress Progress, DateTimeOffset StartedAt, DateTimeOffset ExpiresAt,
    SimulationFailure? Problem = null, SimulationResult? Result = null);

/// <summary>Why a simulation failed.</summary>
public sealed record SimulationFailure(string Code, string Detail);
