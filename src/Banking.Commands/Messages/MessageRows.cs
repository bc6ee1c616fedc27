using Npgsql;
using NpgsqlTypes;
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
    public async Task ReleaseAsync(IReadOnlyCollection<Envelope> envelopes, int owner, CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            $"with incoming as (update {_incoming} set owner_id = 0 " +
            $"where id = any($1) and owner_id = $2 and status = '{nameof(EnvelopeStatus.Incoming)}') " +
            $"update {_outgoing} set owner_id = 0 where id = any($1) and owner_id = $2");
        AddKeys(command, envelopes, owner);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>
    /// Returns the messages of a commit without an answer that are stored and owned by this node; null while the transaction is still
    /// running.
    /// </summary>
    public async Task<IReadOnlySet<Guid>?> FindStoredAsync(RoutedMessages messages, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        // A transaction id that is not assigned yet means that the database was restored since: that transaction has ended.
        await using (var status = new NpgsqlCommand(
            "select case when $1::xid8 < pg_snapshot_xmax(pg_current_snapshot()) then pg_xact_status($1::xid8) = 'in progress' end",
            connection))
        {
            status.Parameters.Add(new() { Value = messages.TransactionId, NpgsqlDbType = NpgsqlDbType.Text });
            if (await status.ExecuteScalarAsync(ct) is true)
            {
                return null;
            }
        }

        // Runs after the status query, with a snapshot of its own, and so sees everything the transaction stored.
        await using var command = new NpgsqlCommand(
            $"select id from {_incoming} where id = any($1) and owner_id = $2 and status = '{nameof(EnvelopeStatus.Incoming)}' " +
            $"union all select id from {_outgoing} where id = any($1) and owner_id = $2", connection);
        AddKeys(command, [.. messages.All], messages.Owner);
        var stored = new HashSet<Guid>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            stored.Add(reader.GetGuid(0));
        }

        return stored;
    }

    private static void AddKeys(NpgsqlCommand command, IReadOnlyCollection<Envelope> envelopes, int owner)
    {
        command.Parameters.Add(new() { Value = envelopes.Select(e => e.Id).ToArray() });
        command.Parameters.Add(new() { Value = owner });
    }
}
