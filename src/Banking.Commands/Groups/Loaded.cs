using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Log;
using Banking.EventStore.Streams;

namespace Banking.Commands.Groups;

/// <summary>The data that a group starts with.</summary>
/// <param name="Locked">Streams that exist but are locked by another host, and whose locks were not waited for.</param>
internal sealed record Loaded<TState>(
    States<TState> States, IReadOnlyDictionary<Guid, long> Versions, Dictionary<Guid, ReceivedReceipt> Receipts, IReadOnlySet<Guid> Locked)
    where TState : class, IEventSourced<TState>
{
    /// <summary>Streams whose state must be folded, with the event that cannot be read.</summary>
    public required Dictionary<Guid, UnreadableEventException> Unreadable { get; init; }
}

/// <summary>A receipt found in the database, with the position that its answer reported.</summary>
internal sealed record ReceivedReceipt(Receipt Receipt, long? Position)
{
    /// <summary>
    /// The last event of a receipt that this group made; its position is known after the commit. Null for other receipts.
    /// </summary>
    public EventEnvelope? Event { get; init; }

    /// <summary>
    /// Whether it was found under a scope of earlier versions, which lacks the customer. Only a caller who may see the streams then gets
    /// the answer.
    /// </summary>
    public bool IsUnclaimed { get; init; }
}
