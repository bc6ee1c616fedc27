using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Npgsql;
using NpgsqlTypes;

namespace Banking.ReadModels.Documents;

/// <summary>Replaces the document of one stream that differs from the fold of its events.</summary>
public sealed class DocumentRepair(DocumentModels models, LogReader log)
{
    /// <summary>The document read models whose documents can be repaired: each document is the fold of one stream.</summary>
    public IEnumerable<DocumentModel> Models => models.All.Where(m => m.Fold is not (null or JoinedFold));

    /// <summary>Replaces the document in the caller's transaction, which holds the lock of the stream.</summary>
    /// <returns>
    /// The difference; empty if there is none, or if the projection is just about to project further events of the stream: it may have
    /// loaded the old document already and would store it again.
    /// </returns>
    public async Task<IReadOnlyList<Difference>> RepairAsync(
        NpgsqlTransaction transaction, DocumentModel model, Guid stream, CancellationToken ct)
    {
        var connection = transaction.Connection!;
        var paused = await ProjectionStates.LockPauseAsync(connection, model, ct);
        // The projection stores its documents and this row in one transaction.
        var position = await connection.ScalarAsync<long?>(
            $"select last_seq_id from {SchemaNames.Events}.mt_event_progression where name = $1 for update",
            [model.Shard.Identity],
            ct) ?? 0;
        var events = await log.ReadTypesAsync(connection, [stream], model.EventTypes, (paused ?? long.MaxValue) - 1, ct);
        if (events.Any(e => e.Sequence > position))
        {
            return [];
        }

        var expected = model.Fold!.Make(stream, events);
        var stored = await connection.ScalarAsync<string?>($"select data::text from {model.Table} where id = $1", [stream], ct);
        Difference[] found = [.. model.Compare(stream, expected, stored)];
        if (found.Length > 0)
        {
            await WriteAsync(connection, model, stream, expected, events is [.., { Version: var last }] ? last : 0, ct);
        }

        return found;
    }

    private static async Task WriteAsync(
        NpgsqlConnection connection, DocumentModel model, Guid stream, string? expected, long version, CancellationToken ct)
    {
        await connection.ExecuteAsync($"delete from {model.Table} where id = $1", [stream], ct);
        if (expected is not null)
        {
            await connection.ExecuteAsync(
                $"insert into {model.Table} (id, data, mt_version, mt_dotnet_type) values ($1, $2, $3, $4)",
                [stream, NpgsqlDbType.Jsonb.Of(expected), (int)version, model.Document.FullName],
                ct);
        }
    }
}
