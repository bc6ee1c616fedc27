using Banking.Commands.Decisions;
using Banking.Commands.Due;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Banking.EventStore.Versions;
using Marten;

namespace Banking.Commands.Groups;

/// <summary>Queues all writes of a transaction: one statement for its events, one for its states, one per type of document.</summary>
internal static class GroupWrites
{
    public static void QueueWrites<TState>(
        this IDocumentSession session,
        StoreOptions options,
        EventVersions versions,
        IReadOnlyList<StreamHead> heads,
        IReadOnlyList<EventEnvelope> events,
        IReadOnlyList<StoredState<TState>> states,
        IReadOnlyList<Receipt> receipts,
        IEnumerable<object> documents,
        IReadOnlyList<DueRow> due)
        where TState : class, IEventSourced<TState>
    {
        var serializer = options.Serializer();
        if (events.Count > 0)
        {
            session.QueueOperation(new AppendEvents(options.Events.DatabaseSchemaName, serializer, versions, heads, events));
        }

        // If all commands were refused there are events but no changed states.
        if (states.Count > 0)
        {
            session.QueueOperation(new UpsertStates<TState>(DocumentTable.Of(options, typeof(TState)), serializer, states));
        }

        if (receipts.Count > 0)
        {
            session.QueueOperation(new InsertReceipts(receipts, withAnswers: !versions.Writes(AnswerTable.Since)));
        }

        if (due.Count > 0)
        {
            session.QueueOperation(new InsertDue(due));
        }

        foreach (var type in documents.GroupBy(d => d.GetType()))
        {
            session.QueueOperation(new InsertDocuments(DocumentTable.Of(options, type.Key), serializer, [.. type]));
        }
    }
}
