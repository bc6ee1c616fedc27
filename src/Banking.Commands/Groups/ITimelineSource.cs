using Npgsql;

namespace Banking.Commands.Groups;

/// <summary>
/// Attaches their past to states, for the commands that need it (<see cref="Submission{TState}.Past"/>). Such commands are rare and a
/// past may be long: no other command reads it, and no state is stored or cached with it.
/// </summary>
public interface ITimelineSource<TState>
{
    /// <summary>
    /// Returns the state with its past, read in the transaction that holds the lock of its stream. Events that are later folded into the
    /// state extend its past too.
    /// </summary>
    Task<TState> AttachAsync(NpgsqlTransaction transaction, TState state, DateTimeOffset since);

    /// <summary>Returns the state without its past.</summary>
    TState Detach(TState state);
}
