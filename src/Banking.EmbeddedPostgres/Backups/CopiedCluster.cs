using System.Security.Cryptography;
using System.Text;

namespace Banking.EmbeddedPostgres.Backups;

/// <summary>The copy of the files of a running cluster, with their hashes. PostgreSQL's documentation lists what is left out.</summary>
internal sealed class CopiedCluster(string source, string target, StoredFile stored)
{
    private const string ControlFile = "global/pg_control";

    /// <summary>Folders whose content belongs to the running server, or is restored from the log.</summary>
    private static readonly string[] EmptyFolders =
    [
        "pg_dynshmem", "pg_notify", "pg_replslot", "pg_serial", "pg_snapshots", "pg_stat_tmp", "pg_subtrans", "pg_wal",
    ];

    private static readonly string[] LeftOut =
    [
        "backup_label", "backup_manifest", "current_logfiles", "postmaster.opts", "postmaster.pid", "recovery.signal", "standby.signal",
        "tablespace_map",
    ];

    private readonly List<string> _folders = [];
    private readonly List<BackupFile> _files = [];

    public IReadOnlyList<string> Folders => _folders;

    public IReadOnlyList<BackupFile> Files => _files;

    public async Task CopyAsync(CancellationToken ct)
    {
        stored.CreateFolder(target);
        await CopyFolderAsync("", ct);
        stored.CreateFolder(Path.Combine(target, "pg_wal", "archive_status"));
        _folders.Add("pg_wal/archive_status");
        // Last, so that it has the newest checkpoint of all files.
        Add(ControlFile, await ReadControlFileAsync(ct));
        Sync();
    }

    public void Add(string path, string text) => Add(path, Encoding.UTF8.GetBytes(text));

    private void Add(string path, byte[] content)
    {
        using var stream = stored.Create(Path.Combine(target, path));
        stream.Write(content);
        stream.Flush(flushToDisk: true);
        _files.Add(new(path, content.Length, Convert.ToHexStringLower(SHA256.HashData(content))));
    }

    private async Task CopyFolderAsync(string folder, CancellationToken ct)
    {
        foreach (var entry in new DirectoryInfo(Path.Combine(source, folder)).EnumerateFileSystemInfos())
        {
            var path = folder.Length == 0 ? entry.Name : $"{folder}/{entry.Name}";
            if (entry.LinkTarget is not null)
            {
                throw new BackupException($"{entry.FullName} is a link. Only clusters without tablespaces and links are backed up.");
            }

            if (entry is DirectoryInfo)
            {
                await CopyFolderAsync(path, isEmpty: EmptyFolders.Contains(path) || IsTemporary(entry.Name), ct);
            }
            else if (path != ControlFile && !LeftOut.Contains(path) && !IsTemporary(entry.Name))
            {
                await CopyFileAsync(path, ct);
            }
        }
    }

    private async Task CopyFolderAsync(string path, bool isEmpty, CancellationToken ct)
    {
        stored.CreateFolder(Path.Combine(target, path));
        _folders.Add(path);
        if (!isEmpty)
        {
            await CopyFolderAsync(path, ct);
        }
    }

    private async Task CopyFileAsync(string path, CancellationToken ct)
    {
        FileStream from;
        try
        {
            from = new(
                Path.Combine(source, path), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (FileNotFoundException)
        {
            // The server deleted it meanwhile. The log says so too.
            return;
        }

        await using (from)
        {
            await using var to = stored.Create(Path.Combine(target, path));
            var (bytes, hash) = await HashedCopy.RunAsync(from, to, ct);
            _files.Add(new(path, bytes, hash));
        }
    }

    /// <summary>Reads the control file until two readings are equal: the server may write it at the same time.</summary>
    private async Task<byte[]> ReadControlFileAsync(CancellationToken ct)
    {
        var file = Path.Combine(source, ControlFile);
        for (var content = await File.ReadAllBytesAsync(file, ct); ;)
        {
            var again = await File.ReadAllBytesAsync(file, ct);
            if (again.AsSpan().SequenceEqual(content))
            {
                return content;
            }

            content = again;
        }
    }

    /// <summary>Writes all copies and their names to disk.</summary>
    private void Sync()
    {
        if (OperatingSystem.IsLinux())
        {
            Unix.SyncFileSystem(target);
            return;
        }

        foreach (var file in _files)
        {
            using var stream = new FileStream(Path.Combine(target, file.Path), FileMode.Open, FileAccess.ReadWrite);
            stream.Flush(flushToDisk: true);
        }

        foreach (var folder in _folders.Prepend(""))
        {
            Unix.SyncFolder(Path.Combine(target, folder));
        }
    }

    private static bool IsTemporary(string name) =>
        name.StartsWith("pgsql_tmp", StringComparison.Ordinal) || name.StartsWith("pg_internal.init", StringComparison.Ordinal);
}
