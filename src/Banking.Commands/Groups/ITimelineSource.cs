using Npgsql;

namespace Banking.Commands.Groups;

/// <summary>
/// Gives states their past for the commands that are decided by it (<see cref="Submission{TState}.Past"/>). They are rare, and a past may
/// be long: no other command reads it, and no state is stored or remembered with it.
/// </summary>
public interface ITimelineSource<TState>
{
    /// <summary>
    /// The state with its past, read in the transaction that holds the lock of its stream. What is folded on to the state goes into its
    /// past as well.
    /// </summary>
    Task<TState> AttachAsync(NpgsqlTransaction transaction, TState state, DateTimeOffset since);

    /// <summary>The state without it.</summary>
    TState Detach(TState state);
}
