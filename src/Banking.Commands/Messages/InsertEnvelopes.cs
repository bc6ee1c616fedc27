using System.Data.Common;
using Banking.EventStore.Appending;
using NpgsqlTypes;
using Weasel.Core;
using Weasel.Storage;
using Wolverine;
using Wolverine.RDBMS;
using Wolverine.Runtime.Serialization;
using ICommandBuilder = Weasel.Postgresql.ICommandBuilder;
using IStorageOperation = Marten.Internal.Operations.IStorageOperation;

namespace Banking.Commands.Messages;

/// <summary>Inserts the messages of a group to other services into Wolverine's outbox.</summary>
internal sealed class InsertOutgoing(string table, RoutedMessages messages) : InsertEnvelopes(messages)
{
    public override void ConfigureCommand(ICommandBuilder builder, IStorageSession session)
    {
        var rows = Messages.Outgoing;
        builder.Append($"insert into {table} ({DatabaseConstants.OutgoingFields}) select * from unnest(");
        builder.AppendArray(rows, EnvelopeSerializer.Serialize, NpgsqlDbType.Bytea);
        builder.AppendArray(rows, e => e.Id, NpgsqlDbType.Uuid, ",");
        builder.AppendArray(rows, _ => Messages.Owner, NpgsqlDbType.Integer, ",");
        builder.AppendArray(rows, e => e.Destination!.ToString(), NpgsqlDbType.Text, ",");
        builder.AppendArray(rows, e => e.DeliverBy, NpgsqlDbType.TimestampTz, ",");
        builder.AppendArray(rows, e => e.Attempts, NpgsqlDbType.Integer, ",");
        builder.AppendArray(rows, e => e.MessageType, NpgsqlDbType.Text, ",");
        builder.Append($") {ReturnTransactionId}");
    }
}

/// <summary>Inserts the messages of a group to this bank into Wolverine's inbox.</summary>
internal sealed class InsertIncoming(string table, RoutedMessages messages) : InsertEnvelopes(messages)
{
    public override void ConfigureCommand(ICommandBuilder builder, IStorageSession session)
    {
        var rows = Messages.Incoming;
        builder.Append($"insert into {table} ({DatabaseConstants.IncomingFields}) select * from unnest(");
        builder.AppendArray(rows, EnvelopeSerializer.Serialize, NpgsqlDbType.Bytea);
        builder.AppendArray(rows, e => e.Id, NpgsqlDbType.Uuid, ",");
        builder.AppendArray(rows, _ => nameof(EnvelopeStatus.Incoming), NpgsqlDbType.Text, ",");
        builder.AppendArray(rows, _ => Messages.Owner, NpgsqlDbType.Integer, ",");
        builder.AppendArray(rows, _ => (DateTimeOffset?)null, NpgsqlDbType.TimestampTz, ",");
        builder.AppendArray(rows, e => e.Attempts, NpgsqlDbType.Integer, ",");
        builder.AppendArray(rows, e => e.MessageType, NpgsqlDbType.Text, ",");
        builder.AppendArray(rows, e => e.Destination!.ToString(), NpgsqlDbType.Text, ",");
        builder.AppendArray(rows, _ => (DateTimeOffset?)null, NpgsqlDbType.TimestampTz, ",");
        builder.Append($") {ReturnTransactionId}");
    }
}

/// <summary>Inserts all messages with one statement.</summary>
internal abstract class InsertEnvelopes(RoutedMessages messages) : IStorageOperation
{
    protected const string ReturnTransactionId = "returning pg_current_xact_id()::text";

    public Type DocumentType => typeof(Envelope);

    protected RoutedMessages Messages { get; } = messages;

    public OperationRole Role() => OperationRole.Insert;

    public abstract void ConfigureCommand(ICommandBuilder builder, IStorageSession session);

    public async Task PostprocessAsync(DbDataReader reader, IList<Exception> exceptions, CancellationToken token)
    {
        while (await reader.ReadAsync(token))
        {
            Messages.TransactionId ??= reader.GetString(0);
        }
    }
}
