using Wolverine;
using Wolverine.Persistence.Durability;

namespace Banking.Commands.Messages;

/// <summary>
/// The messages of a group as Wolverine envelopes. They are collected instead of stored one by one: the group stores them with one
/// statement per table, in its own transaction.
/// </summary>
/// <param name="owner">Number of this node, which sends them.</param>
internal sealed class RoutedMessages(int owner) : IEnvelopeTransaction
{
    private readonly List<Envelope> _outgoing = [];
    private readonly List<Envelope> _incoming = [];

    public int Owner { get; } = owner;

    /// <summary>Messages to brokers and other services.</summary>
    public IReadOnlyList<Envelope> Outgoing => _outgoing;

    /// <summary>Messages to queues of this bank.</summary>
    public IReadOnlyList<Envelope> Incoming => _incoming;

    public int Count => _outgoing.Count + _incoming.Count;

    /// <summary>The event that caused the messages being routed.</summary>
    public Guid? Cause { get; set; }

    /// <summary>The id of the transaction that stored them. It shows whether a commit without an answer succeeded.</summary>
    public string? TransactionId { get; set; }

    public IEnumerable<Envelope> All => _incoming.Concat(_outgoing);

    public Task PersistOutgoingAsync(Envelope envelope)
    {
        _outgoing.Add(SetCause(envelope));
        return Task.CompletedTask;
    }

    public Task PersistOutgoingAsync(Envelope[] envelopes)
    {
        _outgoing.AddRange(envelopes.Select(SetCause));
        return Task.CompletedTask;
    }

    public Task PersistIncomingAsync(Envelope envelope)
    {
        // Wolverine's scheduler uses the machine's clock. A decision that has to wait schedules a due command, which uses the bank's clock.
        _incoming.Add(envelope.Status == EnvelopeStatus.Incoming
            ? SetCause(envelope)
            : throw new InvalidOperationException(
                $"{envelope.MessageType} is scheduled; decisions cannot schedule messages, only due commands."));
        return Task.CompletedTask;
    }

    public ValueTask RollbackAsync() => ValueTask.CompletedTask;

    public Task<bool> TryMakeEagerIdempotencyCheckAsync(Envelope envelope, DurabilitySettings settings, CancellationToken cancellation) =>
        throw new NotSupportedException("A decision sends messages and receives none.");

    private Envelope SetCause(Envelope envelope)
    {
        envelope.ConversationId = Cause ?? envelope.ConversationId;
        return envelope;
    }
}
