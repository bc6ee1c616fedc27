namespace Banking.EventStore.Keys;

/// <summary>What a module stores wrapped, so that a rotation of the keys outside the database reaches it.</summary>
public interface IRewrapping
{
    /// <summary>
    /// Wraps again all that another key than the newest one wraps. It runs every half a minute, so it must cost little if there is nothing.
    /// </summary>
    /// <param name="by">The newest key outside the database.</param>
    /// <returns>The number of stored keys that cannot be unwrapped; they stay as they are.</returns>
    Task<int> RunAsync(string by, CancellationToken ct);
}
