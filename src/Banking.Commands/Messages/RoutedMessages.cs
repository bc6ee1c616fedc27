using Wolverine;
using Wolverine.Persistence.Durability;

namespace Banking.Commands.Messages;

/// <summary>
/// The messages of one group as Wolverine's envelopes, collected instead of stored one by one: the group stores them with one statement per
/// table,
/// in its own transaction.
/// </summary>
/// <param name="owner">The number of this node, which sends them.</param>
internal sealed class RoutedMessages(int owner) : IEnvelopeTransaction
{
    private readonly List<Envelope> _outgoing = [];
    private readonly List<Envelope> _incoming = [];

    public int Owner { get; } = owner;

    /// <summary>For brokers and other services.</summary>
    public IReadOnlyList<Envelope> Outgoing => _outgoing;

    /// <summary>For queues of this bank.</summary>
    public IReadOnlyList<Envelope> Incoming => _incoming;

    public int Count => _outgoing.Count + _incoming.Count;

    /// <summary>The event that the messages being routed follow from.</summary>
    public Guid? Cause { get; set; }

    /// <summary>The id of the transaction that stored them. Whether a commit without an answer stands can be asked by it.</summary>
    public string? TransactionId { get; set; }

    public IEnumerable<Envelope> All => _incoming.Concat(_outgoing);

    public Task PersistOutgoingAsync(Envelope envelope)
    {
        _outgoing.Add(Caused(envelope));
        return Task.CompletedTask;
    }

    public Task PersistOutgoingAsync(Envelope[] envelopes)
    {
        _outgoing.AddRange(envelopes.Select(Caused));
        return Task.CompletedTask;
    }

    public Task PersistIncomingAsync(Envelope envelope)
    {
        // Wolverine's scheduler follows the machine's clock: a decision that has to wait writes a row that the bank's clock makes due.
        _incoming.Add(envelope.Status == EnvelopeStatus.Incoming
            ? Caused(envelope)
            : throw new InvalidOperationException($"{envelope.MessageType} is scheduled; a decision sends messages at once."));
        return Task.CompletedTask;
    }

    public ValueTask RollbackAsync() => ValueTask.CompletedTask;

    public Task<bool> TryMakeEagerIdempotencyCheckAsync(Envelope envelope, DurabilitySettings settings, CancellationToken cancellation) =>
        throw new NotSupportedException("A decision sends messages and receives none.");

    private Envelope Caused(Envelope envelope)
    {
        envelope.ConversationId = Cause ?? envelope.ConversationId;
        return envelope;
    }
}
