using System.Data.Common;
using System.Globalization;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using JasperFx;
using Npgsql;
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
    private static readonly string[] Sql =
        $"""
        update {PublishingModule.Schema}.publisher set position = ?, delivered = delivered + ?, error = null, error_at = null, attempts = 0,
            updated_at = ? where name = ? and position = ? and epoch = ? and (?::text is null or ?::text = ({HighWaterMark.IdentitySql}))
        returning 1
        """.Split('?');

    private readonly object?[] _values = [To, Delivered, At, Publisher, From, Epoch, Log, Log];

    public Type DocumentType => typeof(PublisherRow);

    public OperationRole Role() => OperationRole.Other;

    public async Task RunAsync(NpgsqlTransaction transaction, CancellationToken ct)
    {
        var sql = string.Concat(Sql.Select((part, i) => i == 0 ? part : string.Create(CultureInfo.InvariantCulture, $"${i}{part}")));
        if (await transaction.Connection!.ScalarAsync<int?>(sql, _values, ct) is null)
        {
            throw new CheckpointMovedException(Publisher);
        }
    }

    public void ConfigureCommand(ICommandBuilder builder, IStorageSession session)
    {
        builder.Append(Sql[0]);
        for (var i = 0; i < _values.Length; i++)
        {
            builder.AppendParameter(_values[i] ?? DBNull.Value);
            builder.Append(Sql[i + 1]);
        }
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
