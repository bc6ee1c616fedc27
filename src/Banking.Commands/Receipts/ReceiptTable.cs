using System.Data.Common;
using Banking.EventStore.Appending;
using Banking.EventStore.Storage;
using NpgsqlTypes;
using Weasel.Core;
using Weasel.Postgresql.Tables;
using Weasel.Storage;
using ICommandBuilder = Weasel.Postgresql.ICommandBuilder;
using IStorageOperation = Marten.Internal.Operations.IStorageOperation;

namespace Banking.Commands.Receipts;

/// <summary>
/// Table of receipts. It has columns instead of a document: every command writes a row and few are ever read, so its size matters most.
/// </summary>
internal sealed class ReceiptTable : Table
{
    public const string Name = SchemaNames.Platform + ".receipt";

    public const string AllColumns = "id, event_id, version, recorded_at, status, fingerprint, body, location";

    public ReceiptTable()
        : base(Weasel.Postgresql.PostgresqlProvider.Instance.Parse(Name))
    {
        AddColumn<Guid>("id").AsPrimaryKey();
        AddColumn<Guid>("event_id");
        AddColumn<long>("version");
        AddColumn("recorded_at", "timestamptz").NotNull();
        AddColumn("status", "smallint").NotNull();
        AddColumn("fingerprint", "bytea").NotNull();
        // Earlier versions stored the answer here; it is in AnswerTable now.
        AddColumn<string>("body");
        AddColumn<string>("location");
    }

    /// <summary>
    /// Moves receipts of earlier versions, which were documents, into the table, so that the keys answered then stay answered. One whose
    /// recorded time is no time is recorded at the time of the move.
    /// </summary>
    public static readonly string MoveDocuments =
        $"""
        do $$ begin
            if to_regclass('{SchemaNames.Platform}.mt_doc_receipt') is not null then
                insert into {Name} ({AllColumns})
                select left(id, 32)::uuid, (data ->> 'eventId')::uuid, (data ->> 'version')::bigint,
                    coalesce({StoredTime.Of("data ->> 'recordedAt'")}, transaction_timestamp()),
                    (data ->> 'status')::smallint, decode(data ->> 'fingerprint', 'hex'), data ->> 'body', data ->> 'location'
                from {SchemaNames.Platform}.mt_doc_receipt on conflict (id) do nothing;
                drop table {SchemaNames.Platform}.mt_doc_receipt;
            end if;
        end $$
        """;

    /// <summary>Query for the receipts with these ids, each with the position that its answer reported; null for a refusal.</summary>
    public static readonly string Select =
        "select r.id, r.fingerprint, r.status, r.body, r.recorded_at, r.location, r.version, r.event_id, e.seq_id " +
        $"from {Name} r left join {SchemaNames.Events}.mt_events e on e.id = r.event_id " +
        $"and r.status < {HttpStatus.FirstProblem} where r.id = any($1)";

    public static (Receipt Receipt, long? Position) Read(DbDataReader reader) => (
        new(
            reader.GetGuid(0),
            Convert.ToHexStringLower(reader.GetFieldValue<byte[]>(1)),
            reader.GetInt16(2),
            reader.IsDBNull(3) ? null : reader.GetString(3),
            reader.GetFieldValue<DateTimeOffset>(4),
            reader.IsDBNull(5) ? null : reader.GetString(5),
            reader.IsDBNull(6) ? null : reader.GetInt64(6),
            reader.IsDBNull(7) ? null : reader.GetGuid(7)),
        reader.IsDBNull(8) ? null : reader.GetInt64(8));
}

/// <summary>
/// Inserts the receipts of a group and their answers with one statement. An id that exists fails the transaction: another host has decided
/// that command meanwhile.
/// </summary>
/// <param name="withAnswers">Whether the answers are stored in the rows of their receipts, where releases before
/// <see cref="AnswerTable.Since"/> read them.</param>
internal sealed class InsertReceipts(IReadOnlyList<Receipt> receipts, bool withAnswers) : IStorageOperation, NoDataReturnedCall
{
    public Type DocumentType => typeof(Receipt);

    public OperationRole Role() => OperationRole.Insert;

    public void ConfigureCommand(ICommandBuilder builder, IStorageSession session)
    {
        builder.Append(withAnswers ? $"insert into {ReceiptTable.Name} ({ReceiptTable.AllColumns}) " : "with r as materialized (");
        builder.Append("select * from unnest(");
        builder.AppendArray(receipts, r => r.Id, NpgsqlDbType.Uuid);
        builder.AppendArray(receipts, r => r.EventId, NpgsqlDbType.Uuid, ",");
        builder.AppendArray(receipts, r => r.Version, NpgsqlDbType.Bigint, ",");
        builder.AppendArray(receipts, r => r.RecordedAt, NpgsqlDbType.TimestampTz, ",");
        builder.AppendArray(receipts, r => (short)r.Status, NpgsqlDbType.Smallint, ",");
        builder.AppendArray(receipts, r => Convert.FromHexString(r.Fingerprint), NpgsqlDbType.Bytea, ",");
        builder.AppendArray(receipts, r => r.Body, NpgsqlDbType.Text, ",");
        builder.AppendArray(receipts, r => r.Location, NpgsqlDbType.Text, ",");
        builder.Append(withAnswers
            ? ")"
            : $") as r({ReceiptTable.AllColumns})), answers as ("
                + $"insert into {AnswerTable.Name} (id, recorded_at, body) select id, recorded_at, body from r) "
                + $"insert into {ReceiptTable.Name} ({ReceiptTable.AllColumns}) "
                + "select id, event_id, version, recorded_at, status, fingerprint, null, location from r");
    }

    public Task PostprocessAsync(DbDataReader reader, IList<Exception> exceptions, CancellationToken token) => Task.CompletedTask;
}
