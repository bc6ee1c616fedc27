using Npgsql;

namespace Banking.EventStore.Epochs;

/// <summary>What follows from a new epoch.</summary>
public interface IEpochReaction
{
    /// <summary>
    /// Does in this transaction what has not been done for the epochs of the log. Called before this host reads the log for the first time,
    /// and after each new epoch.
    /// </summary>
    Task ReactAsync(NpgsqlTransaction transaction, EpochHistory epochs, CancellationToken ct);
}
