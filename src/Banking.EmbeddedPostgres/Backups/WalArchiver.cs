using Npgsql;
using NpgsqlTypes;

namespace Banking.EmbeddedPostgres.Backups;

/// <summary>
/// Copies the flushed part of the write-ahead log from the cluster's folder into the archive. A replication slot makes the server keep what
/// is not copied yet.
/// </summary>
internal sealed class WalArchiver : IDisposable
{
    private const string Slot = "banking_archive";

    private readonly string _home;
    private readonly string _walFolder;
    private readonly ArchiveOwner _owner;
    private readonly ArchiveFolder _archive;
    private readonly StoredFile _stored;
    private readonly long _segmentBytes;
    private readonly uint _timeline;
    private readonly byte[] _buffer = new byte[1024 * 1024];
    private FileStream? _partial;
    private ulong _slotAt;

    private WalArchiver(PostgresCluster cluster, ArchiveOwner owner, StoredFile stored, ServerLocation server, ulong slot)
    {
        (_home, _walFolder) = (cluster.Home.Folder, Path.Combine(cluster.Home.Cluster, "pg_wal"));
        (_owner, _archive, _stored) = (owner, owner.Archive, stored);
        (_segmentBytes, _timeline) = (server.SegmentBytes, server.Timeline);
        var segment = (long)slot / _segmentBytes;
        // After a crash the slot may be an older one, from before files that the server has deleted.
        while (segment < (long)server.Flushed / _segmentBytes && !File.Exists(Path.Combine(_walFolder, NameOf(segment))))
        {
            segment++;
        }

        End = (ulong)(segment * _segmentBytes);
    }

    /// <summary>The archive has the log up to here.</summary>
    public ulong End { get; private set; }

    /// <summary>Creates the slot if there is none, and continues where it is.</summary>
    public static async Task<WalArchiver> OpenAsync(
        PostgresCluster cluster, ArchiveOwner owner, StoredFile stored, NpgsqlConnection connection, CancellationToken ct)
    {
        var server = await ServerLocation.ReadAsync(connection, ct);
        var slot = await EnsureSlotAsync(connection, ct);
        // The files from the slot on are copied again, and compared with those of the archive: it is another history if they differ.
        // Between the end of the archive and a slot behind it the server may have deleted files: then there is a gap.
        return new(cluster, owner, stored, server, slot);
    }

    public static async Task DropSlotAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1 and not active", connection);
        command.Parameters.Add(new() { Value = Slot });
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Copies up to a location that the server has flushed.</summary>
    /// <exception cref="BackupException">The server is on another timeline, or the archive has another file of the same name.</exception>
    public async Task CopyAsync(ServerLocation server, CancellationToken ct)
    {
        if (server.Timeline != _timeline)
        {
            throw new BackupException("The cluster is on another timeline than its archive.");
        }

        while (End < server.Flushed)
        {
            var segment = (long)End / _segmentBytes;
            var segmentEnd = (ulong)((segment + 1) * _segmentBytes);
            await CopyAsync(segment, Math.Min(server.Flushed, segmentEnd), ct);
            // What is behind the end is of a data folder that was set back.
            _partial!.SetLength((long)(End - (ulong)(segment * _segmentBytes)));
            if (End == segmentEnd)
            {
                Complete(segment);
            }
        }

        _partial?.Flush(flushToDisk: true);
    }

    /// <summary>Lets the server delete what the archive has on disk.</summary>
    public async Task AdvanceSlotAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        if (End > _slotAt)
        {
            await using var command = new NpgsqlCommand("select pg_replication_slot_advance($1, $2)", connection);
            command.Parameters.Add(new() { Value = Slot });
            command.Parameters.Add(new() { Value = new NpgsqlLogSequenceNumber(End), NpgsqlDbType = NpgsqlDbType.PgLsn });
            await command.ExecuteNonQueryAsync(ct);
            _slotAt = End;
        }
    }

    public void Dispose() => _partial?.Dispose();

    private async Task CopyAsync(long segment, ulong upTo, CancellationToken ct)
    {
        var name = NameOf(segment);
        _partial ??= OpenPartial(Path.Combine(_archive.WalFolder, name + ArchiveFolder.Partial));
        await using var source = new FileStream(
            Path.Combine(_walFolder, name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        // Both, because a write that was cancelled may have moved the position.
        source.Position = _partial.Position = (long)End % _segmentBytes;
        while (End < upTo)
        {
            var read = await source.ReadAsync(_buffer.AsMemory(0, (int)Math.Min((ulong)_buffer.Length, upTo - End)), ct);
            if (read == 0)
            {
                throw new BackupException($"The log file {source.Name} is shorter than the server says.");
            }

            await _partial.WriteAsync(_buffer.AsMemory(0, read), ct);
            End += (ulong)read;
        }
    }

    /// <summary>
    /// A partial file from before is overwritten in place: until all of it is copied again, only it has its end.
    /// </summary>
    private FileStream OpenPartial(string file)
    {
        if (File.Exists(file))
        {
            return new(file, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        }

        var created = _stored.Create(file);
        Unix.SyncFolder(_archive.WalFolder);
        return created;
    }

    /// <summary>Gives a complete file its hash, and then its name.</summary>
    private void Complete(long segment)
    {
        _partial!.Flush(flushToDisk: true);
        _partial.Dispose();
        _partial = null;
        _owner.Check();
        var file = Path.Combine(_archive.WalFolder, NameOf(segment));
        var hash = StoredFile.Hash(file + ArchiveFolder.Partial);
        if (File.Exists(file) && StoredFile.Hash(file) != hash)
        {
            File.Delete(file + ArchiveFolder.Partial);
            ArchiveOwner.Forget(_home);
            throw new BackupException($"The archive has another {file}, so the data folder was set back or copied. A new archive begins.");
        }

        _stored.WriteHash(file, hash);
        File.Move(file + ArchiveFolder.Partial, file, overwrite: true);
        Unix.SyncFolder(_archive.WalFolder);
    }

    private string NameOf(long segment) => Wal.FileName(_timeline, segment, _segmentBytes);

    /// <returns>The location from which the server keeps the log.</returns>
    private static async Task<ulong> EnsureSlotAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        // A slot that exceeded max_slot_wal_keep_size has lost files and is of no use any more.
        await using (var drop = new NpgsqlCommand(
            "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1 and wal_status = 'lost'",
            connection))
        {
            drop.Parameters.Add(new() { Value = Slot });
            await drop.ExecuteNonQueryAsync(ct);
        }

        await using var ensure = new NpgsqlCommand(
            """
            with found as (select restart_lsn from pg_replication_slots where slot_name = $1)
            select restart_lsn from found
            union all
            select (pg_create_physical_replication_slot($1, immediately_reserve => true)).lsn where not exists (select from found)
            """,
            connection);
        ensure.Parameters.Add(new() { Value = Slot });
        return (ulong)(NpgsqlLogSequenceNumber)(await ensure.ExecuteScalarAsync(ct))!;
    }
}
