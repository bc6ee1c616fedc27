using System.Data.Common;
using JasperFx;
using Npgsql;
using NpgsqlTypes;
using Weasel.Core;
using Weasel.Storage;
using ICommandBuilder = Weasel.Postgresql.ICommandBuilder;
using IStorageOperation = Marten.Internal.Operations.IStorageOperation;

namespace Banking.Publishing.Lanes;

/// <summary>Moves a lane from one place in the log to another. Where it is somewhere else by now, another host leads, and nothing of this one's may stand.</summary>
internal sealed record LaneMove(string Lane, long From, long To, int Delivered, DateTimeOffset At) : IStorageOperation
{
    private const string Sql =
        $"update {PublishingModule.Schema}.lane set position = @to, delivered = delivered + @delivered, error = null, error_at = null, attempts = 0, " +
        "updated_at = @at where name = @lane and position = @from returning 1";

    public Type DocumentType => typeof(LaneRow);

    public OperationRole Role() => OperationRole.Other;

    public async Task RunAsync(NpgsqlTransaction transaction, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Sql, transaction.Connection, transaction);
        command.Parameters.AddWithValue("to", To);
        command.Parameters.AddWithValue("delivered", Delivered);
        command.Parameters.AddWithValue("at", At);
        command.Parameters.AddWithValue("lane", Lane);
        command.Parameters.AddWithValue("from", From);
        if (await command.ExecuteScalarAsync(ct) is null)
        {
            throw new LaneMovedException(Lane, From);
        }
    }

    public void ConfigureCommand(ICommandBuilder builder, IStorageSession session)
    {
        builder.Append($"update {PublishingModule.Schema}.lane set position = ");
        builder.AppendParameter(To, NpgsqlDbType.Bigint);
        builder.Append(", delivered = delivered + ");
        builder.AppendParameter(Delivered, NpgsqlDbType.Integer);
        builder.Append(", error = null, error_at = null, attempts = 0, updated_at = ");
        builder.AppendParameter(At, NpgsqlDbType.TimestampTz);
        builder.Append(" where name = ");
        builder.AppendParameter(Lane, NpgsqlDbType.Text);
        builder.Append(" and position = ");
        builder.AppendParameter(From, NpgsqlDbType.Bigint);
        builder.Append(" returning 1");
    }

    public async Task PostprocessAsync(DbDataReader reader, IList<Exception> exceptions, CancellationToken token)
    {
        if (!await reader.ReadAsync(token))
        {
            exceptions.Add(new LaneMovedException(Lane, From));
        }
    }
}

/// <summary>Another host has moved the lane: this one leads no more.</summary>
public sealed class LaneMovedException(string lane, long from)
    : ConcurrencyException($"The lane {lane} is not at {from} any more: another host publishes.", typeof(LaneRow), lane);
