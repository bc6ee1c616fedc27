using Banking.EventStore.Storage;
using Npgsql;
using Wolverine;
using Wolverine.RDBMS;
using Wolverine.Runtime;

namespace Banking.Commands.Messages;

/// <summary>Messages of decisions in Wolverine's inbox and outbox.</summary>
internal sealed class MessageRows(IWolverineRuntime runtime, NpgsqlDataSource source)
{
    private readonly string _incoming = $"{runtime.Options.Durability.MessageStorageSchemaName}.{DatabaseConstants.IncomingTable}";
    private readonly string _outgoing = $"{runtime.Options.Durability.MessageStorageSchemaName}.{DatabaseConstants.OutgoingTable}";

    /// <summary>Queues the inserts, which run in the transaction of the session.</summary>
    public void Queue(Marten.IDocumentSession session, RoutedMessages messages)
    {
        if (messages.Outgoing.Count > 0)
        {
            session.QueueOperation(new InsertOutgoing(_outgoing, messages));
        }

        if (messages.Incoming.Count > 0)
        {
            session.QueueOperation(new InsertIncoming(_incoming, messages));
        }
    }

    /// <summary>
    /// Releases messages to any node, whose durability agent sends them. Messages already taken by another node are not changed.
    /// </summary>
    public async Task ReleaseAsync(IReadOnlyCollection<Envelope> envelopes, int owner, CancellationToken ct) => await source.ExecuteAsync(
        $"with incoming as (update {_incoming} set owner_id = 0 " +
            $"where id = any($1) and owner_id = $2 and status = '{nameof(EnvelopeStatus.Incoming)}') " +
            $"update {_outgoing} set owner_id = 0 where id = any($1) and owner_id = $2",
        [Ids(envelopes), owner],
        ct);

    /// <summary>
    /// Returns the messages of a commit without an answer that are stored and owned by this node; null while the transaction is still
    /// running.
    /// </summary>
    public async Task<IReadOnlySet<Guid>?> FindStoredAsync(RoutedMessages messages, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        // A transaction id that is not assigned yet means that the database was restored since: that transaction has ended.
        if (await connection.ScalarAsync<bool?>(
            "select case when $1::xid8 < pg_snapshot_xmax(pg_current_snapshot()) then pg_xact_status($1::xid8) = 'in progress' end",
            [messages.TransactionId],
            ct) is true)
        {
            return null;
        }

        // Runs after the status query, with a snapshot of its own, and so sees everything the transaction stored.
        return (await connection.ListAsync(
            $"select id from {_incoming} where id = any($1) and owner_id = $2 and status = '{nameof(EnvelopeStatus.Incoming)}' " +
                $"union all select id from {_outgoing} where id = any($1) and owner_id = $2",
            [Ids([.. messages.All]), messages.Owner],
            row => row.GetGuid(0),
            ct)).ToHashSet();
    }

    private static Guid[] Ids(IReadOnlyCollection<Envelope> envelopes) => [.. envelopes.Select(e => e.Id)];
}
