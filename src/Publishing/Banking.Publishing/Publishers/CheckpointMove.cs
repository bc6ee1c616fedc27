using System.Data.Common;
using Banking.EventStore.Log;
using JasperFx;
using Npgsql;
using NpgsqlTypes;
using Weasel.Core;
using Weasel.Storage;
using ICommandBuilder = Weasel.Postgresql.ICommandBuilder;
using IStorageOperation = Marten.Internal.Operations.IStorageOperation;

namespace Banking.Publishing.Publishers;

/// <summary>
/// Moves a publisher's checkpoint. It fails if another host has taken the publisher over, or if a restore has replaced the log that the
/// page was read from: then nothing that this host delivered may be recorded.
/// </summary>
/// <param name="Log">The identity of the log that the page was read from; null if nothing was read.</param>
internal sealed record CheckpointMove(string Publisher, long Epoch, long From, long To, int Delivered, DateTimeOffset At, string? Log)
    : IStorageOperation
{
    private const string Sql =
        $"update {PublishingModule.Schema}.publisher set position = @to, delivered = delivered + @delivered, "
        + "error = null, error_at = null, attempts = 0, updated_at = @at where name = @publisher and position = @from and epoch = @epoch "
        + $"and (@log::text is null or @log = ({HighWaterMark.IdentitySql})) returning 1";

    public Type DocumentType => typeof(PublisherRow);

    public OperationRole Role() => OperationRole.Other;

    public async Task RunAsync(NpgsqlTransaction transaction, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Sql, transaction.Connection, transaction);
        command.Parameters.AddWithValue("to", To);
        command.Parameters.AddWithValue("delivered", Delivered);
        command.Parameters.AddWithValue("at", At);
        command.Parameters.AddWithValue("publisher", Publisher);
        command.Parameters.AddWithValue("from", From);
        command.Parameters.AddWithValue("epoch", Epoch);
        command.Parameters.AddWithValue("log", NpgsqlDbType.Text, (object?)Log ?? DBNull.Value);
        if (await command.ExecuteScalarAsync(ct) is null)
        {
            throw new CheckpointMovedException(Publisher);
        }
    }

    public void ConfigureCommand(ICommandBuilder builder, IStorageSession session)
    {
        builder.Append($"update {PublishingModule.Schema}.publisher set position = ");
        builder.AppendParameter(To, NpgsqlDbType.Bigint);
        builder.Append(", delivered = delivered + ");
        builder.AppendParameter(Delivered, NpgsqlDbType.Integer);
        builder.Append(", error = null, error_at = null, attempts = 0, updated_at = ");
        builder.AppendParameter(At, NpgsqlDbType.TimestampTz);
        builder.Append(" where name = ");
        builder.AppendParameter(Publisher, NpgsqlDbType.Text);
        builder.Append(" and position = ");
        builder.AppendParameter(From, NpgsqlDbType.Bigint);
        builder.Append(" and epoch = ");
        builder.AppendParameter(Epoch, NpgsqlDbType.Bigint);
        if (Log is not null)
        {
            builder.Append(" and ");
            builder.AppendParameter(Log, NpgsqlDbType.Text);
            builder.Append($" = ({HighWaterMark.IdentitySql})");
        }

        builder.Append(" returning 1");
    }

    public async Task PostprocessAsync(DbDataReader reader, IList<Exception> exceptions, CancellationToken token)
    {
        if (!await reader.ReadAsync(token))
        {
            exceptions.Add(new CheckpointMovedException(Publisher));
        }
    }
}

/// <summary>
/// The checkpoint cannot be moved: another host has taken the publisher over, an operator has set another position, or the database holds
/// another log. The publisher starts again from the stored checkpoint.
/// </summary>
public sealed class CheckpointMovedException(string publisher)
    : ConcurrencyException(
        $"The checkpoint of the publisher {publisher} was changed by another host or an operator.", typeof(PublisherRow), publisher);
