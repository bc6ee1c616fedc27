using System.Data.Common;
using JasperFx.Events;
using Marten;
using NpgsqlTypes;
using Weasel.Core;
using Weasel.Storage;
using ICommandBuilder = Weasel.Postgresql.ICommandBuilder;
using IStorageOperation = Marten.Internal.Operations.IStorageOperation;

namespace Banking.EventStore.Storage;

/// <summary>
/// Compares the database's clock with this machine's whenever a session is saved, in the same round trip. If they differ too much nothing
/// is stored. If the bank's own clock differs from the machine's, the database is marked.
/// </summary>
internal sealed class ClockListener(SystemClock system, TimeProvider bank) : DocumentSessionListenerBase
{
    public override Task BeforeSaveChangesAsync(IDocumentSession session, CancellationToken token)
    {
        session.QueueOperation(new ClockCheck(system));
        var now = bank.GetUtcNow();
        if (system.IsMoved(now))
        {
            session.QueueOperation(new MarkMovedClock(now));
        }

        return Task.CompletedTask;
    }
}

/// <summary>Fails the session if the clocks differ too much.</summary>
internal sealed class ClockCheck(SystemClock clock) : IStorageOperation
{
    private DateTimeOffset _sent;

    public Type DocumentType => typeof(IEvent);

    public OperationRole Role() => OperationRole.Events;

    public void ConfigureCommand(ICommandBuilder builder, IStorageSession session)
    {
        _sent = clock.Now;
        builder.Append("select clock_timestamp()");
    }

    public async Task PostprocessAsync(DbDataReader reader, IList<Exception> exceptions, CancellationToken token)
    {
        await reader.ReadAsync(token);
        var skew = SystemClock.Skew(_sent, reader.GetFieldValue<DateTimeOffset>(0), clock.Now);
        if (skew.Duration() > SystemClock.MaxSkew)
        {
            exceptions.Add(new ClockSkewException(skew));
        }
    }
}

/// <summary>Records permanently that events of this database were stored while the bank's clock was not the machine's.</summary>
internal sealed class MarkMovedClock(DateTimeOffset now) : IStorageOperation, NoDataReturnedCall
{
    public const string Table = SchemaNames.Platform + ".moved_clock";

    public const string Create =
        $"create table if not exists {Table} "
        + "(bank_time timestamptz not null, database_time timestamptz not null default clock_timestamp())";

    public Type DocumentType => typeof(IEvent);

    public OperationRole Role() => OperationRole.Events;

    public void ConfigureCommand(ICommandBuilder builder, IStorageSession session)
    {
        builder.Append($"insert into {Table} (bank_time) select ");
        builder.AppendParameter(now, NpgsqlDbType.TimestampTz);
        builder.Append($" where not exists (select from {Table})");
    }

    public Task PostprocessAsync(DbDataReader reader, IList<Exception> exceptions, CancellationToken token) => Task.CompletedTask;
}
