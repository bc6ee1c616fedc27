using Banking.EventStore.Archive;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// The part of a stream that was deleted with archive files. Data that is derived from the stream is compared with the events after it.
/// </summary>
/// <param name="Version">Its last version; 0 if nothing of the stream was deleted.</param>
/// <param name="IsWhole">Whether no event of the stream follows.</param>
internal readonly record struct DeletedPart(long Version, bool IsWhole)
{
    /// <param name="connection">A connection with the snapshot of the comparison, so that events and deletions match.</param>
    public static async Task<DeletedPart> FindAsync(NpgsqlConnection connection, Guid stream, CancellationToken ct) =>
        await connection.ListAsync(
            $"""
            select d.last, not exists (select from {SchemaNames.Events}.mt_events e where e.stream_id = $1 and e.version > d.last)
            from (
                select max(p.last_version) as last from {ArchiveManifest.PartTable} p
                join {ArchiveManifest.DeletionTable} f on f.file = p.file where p.stream = $1) d
            where d.last is not null
            """,
            [stream],
            row => new DeletedPart(row.GetInt64(0), row.GetBoolean(1)),
            ct) is [var part]
            ? part
            : default;
}
