using System.Data.Common;
using Banking.Commands.Decisions;
using Banking.EventStore.Appending;
using Banking.EventStore.Storage;
using Npgsql;
using NpgsqlTypes;
using Weasel.Core;
using Weasel.Postgresql.Tables;
using Weasel.Storage;
using ICommandBuilder = Weasel.Postgresql.ICommandBuilder;
using IStorageOperation = Marten.Internal.Operations.IStorageOperation;

namespace Banking.Commands.Due;

/// <summary>
/// Table of commands that wait for their time. A row is written in the transaction of its decision and deleted when its command is
/// recorded.
/// </summary>
internal sealed class DueTable : Table
{
    public const string Name = SchemaNames.Platform + ".due";

    public const string WrittenColumns = "id, operation, due_at, command, correlation_id, cause";

    public DueTable()
        : base(Weasel.Postgresql.PostgresqlProvider.Instance.Parse(Name))
    {
        AddColumn<Guid>("id").AsPrimaryKey();
        AddColumn<string>("operation").NotNull();
        AddColumn("due_at", "timestamptz").NotNull();
        // Text, not jsonb: the fingerprint of the command is the hash of this text.
        AddColumn<string>("command").NotNull();
        AddColumn<string>("correlation_id").NotNull();
        AddColumn<Guid>("cause");
        AddColumn("claimed_until", "timestamptz");
        AddColumn<int>("attempts").NotNull().DefaultValue(0);
        Indexes.Add(new IndexDefinition("due_time") { Columns = ["due_at", "id"] });
    }
}

/// <summary>Inserts the due commands of a group with one statement.</summary>
internal sealed class InsertDue(IReadOnlyList<DueRow> rows) : IStorageOperation, NoDataReturnedCall
{
    public Type DocumentType => typeof(DueRow);

    public OperationRole Role() => OperationRole.Insert;

    public void ConfigureCommand(ICommandBuilder builder, IStorageSession session)
    {
        builder.Append($"insert into {DueTable.Name} ({DueTable.WrittenColumns}) select * from unnest(");
        builder.AppendArray(rows, r => r.Id, NpgsqlDbType.Uuid);
        builder.AppendArray(rows, r => r.Operation, NpgsqlDbType.Text, ",");
        builder.AppendArray(rows, r => r.DueAt.ToUniversalTime(), NpgsqlDbType.TimestampTz, ",");
        builder.AppendArray(rows, r => r.Command, NpgsqlDbType.Text, ",");
        builder.AppendArray(rows, r => r.CorrelationId, NpgsqlDbType.Text, ",");
        builder.AppendArray(rows, r => r.Cause, NpgsqlDbType.Uuid, ",");
        builder.Append(")");
    }

    public Task PostprocessAsync(DbDataReader reader, IList<Exception> exceptions, CancellationToken token) => Task.CompletedTask;
}

/// <summary>Claims and deletes due rows; hosts share them.</summary>
internal sealed class DueRows(NpgsqlDataSource source, SystemClock machine)
{
    /// <summary>
    /// A claim reserves a row for one host until it expires; a failed row is then retried. Claims last fifteen seconds, then twice as long
    /// each time, up to an hour. A claim further ahead was made by a clock that has been set back since, and does not count. The key of the
    /// command, not the claim, makes it happen once.
    /// <para>A host whose machine's clock is not the database's can record nothing. It claims nothing either: with a clock that is ahead it
    /// would always claim a row before the other hosts can.</para>
    /// </summary>
    private const string Claim =
        $"""
        update {DueTable.Name} d
        set attempts = d.attempts + 1,
            claimed_until = $1 + least(interval '1 hour', interval '15 seconds' * power(2, least(d.attempts, 10)))
        where d.id in (
            select id from {DueTable.Name} where due_at <= $1 and operation = any($2)
            and (select clock_timestamp()) between $4 and $5
            and (claimed_until is null or claimed_until <= $1 or claimed_until > $1 + interval '1 hour')
            order by due_at, id limit $3 for update skip locked)
        returning d.id, d.operation, d.due_at, d.command, d.correlation_id, d.cause, d.attempts
        """;

    public Task<IReadOnlyList<DueRow>> ClaimAsync(DateTimeOffset now, string[] operations, int limit, CancellationToken ct) =>
        source.ListAsync(
            Claim,
            [now, operations, limit, machine.Now - SystemClock.MaxSkew, machine.Now + SystemClock.MaxSkew],
            row => new DueRow(
                row.GetGuid(0), row.GetString(1), row.GetFieldValue<DateTimeOffset>(2), row.GetString(3), row.GetString(4),
                row.GetOrDefault<Guid?>(5), row.GetInt32(6)),
            ct);

    public async Task DeleteAsync(Guid[] ids, CancellationToken ct) =>
        await source.ExecuteAsync($"delete from {DueTable.Name} where id = any($1)", [ids], ct);
}
