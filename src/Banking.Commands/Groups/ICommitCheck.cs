using Banking.Commands.Decisions;
using Banking.EventStore.Appending;
using Banking.EventStore.Streams;
using Npgsql;

namespace Banking.Commands.Groups;

/// <summary>
/// Checks what a group has stored against what other groups have stored, before the commit: for rules that no state of a single stream can
/// hold, such as a limit on the number of streams. For commands that are decided in units of one.
/// </summary>
public interface ICommitCheck<TState>
    where TState : class, IEventSourced<TState>
{
    /// <summary>
    /// Returns the refusal if the transaction must not be committed, otherwise null. It runs in the deciding transaction and sees its
    /// events. A check that counts takes a lock first: otherwise two transactions could each count without the other.
    /// </summary>
    Task<Refusal?> CheckAsync(NpgsqlTransaction transaction, IReadOnlyList<EventEnvelope> events);
}

/// <summary>
/// A check refused a group. If it has several commands, each is then decided alone, so that only those over the limit are refused.
/// </summary>
internal sealed class GroupRefusedException(Refusal refusal) : Exception($"The group was refused as a whole: {refusal.Code}.")
{
    public Refusal Refusal => refusal;
}
