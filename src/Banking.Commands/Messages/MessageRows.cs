using Npgsql;
using NpgsqlTypes;
using Wolverine;
using Wolverine.RDBMS;
using Wolverine.Runtime;

namespace Banking.Commands.Messages;

/// <summary>The rows of Wolverine's inbox and outbox that hold messages of decisions.</summary>
internal sealed class MessageRows(IWolverineRuntime runtime, NpgsqlDataSource source)
{
    private readonly string _incoming = $"{runtime.Options.Durability.MessageStorageSchemaName}.{DatabaseConstants.IncomingTable}";
    private readonly string _outgoing = $"{runtime.Options.Durability.MessageStorageSchemaName}.{DatabaseConstants.OutgoingTable}";

    /// <summary>In the session's transaction.</summary>
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
    /// Gives messages to any node, whose durability agent sends them. Those that another node has taken already stay as they are.
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
    /// Which messages of a commit without an answer are stored and this node's to send; null while the transaction is still running.
    /// </summary>
    public async Task<IReadOnlySet<Guid>?> FindStoredAsync(RoutedMessages messages, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        // An id that is not assigned yet is of a database that was restored since: that transaction is over.
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

        // Asked after the status, with a snapshot of its own: it sees all that the transaction left.
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
