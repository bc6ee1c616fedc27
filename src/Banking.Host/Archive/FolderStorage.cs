using Banking.EmbeddedPostgres;
using Banking.EventStore.Archive;

namespace Banking.Host.Archive;

/// <summary>A folder with archive files. It is created with the first file.</summary>
internal sealed class FolderStorage(string folder) : IArchiveStorage
{
    public string Description => folder;

    /// <summary>The name of a file is on disk before the rows of its events may lose their data.</summary>
    public async Task WriteAsync(string name, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            DurableFolder.Sync(Path.GetDirectoryName(folder)!);
        }

        if (!await this.HasAsync(name, content, ct))
        {
            await CreateAsync(name, content, ct);
        }

        DurableFolder.Sync(folder);
    }

    public Task<Stream> OpenAsync(string name, CancellationToken ct) => Task.FromResult<Stream>(Open(name));

    public byte[] Read(string name, long offset, int bytes)
    {
        using var file = Open(name);
        file.Seek(offset, SeekOrigin.Begin);
        var content = new byte[bytes];
        file.ReadExactly(content);
        return content;
    }

    public Task<IReadOnlyList<StoredArchive>> ListAsync(CancellationToken ct) => Task.FromResult<IReadOnlyList<StoredArchive>>(
        Directory.Exists(folder)
            ?
            [
                .. new DirectoryInfo(folder).EnumerateFiles("*" + ArchiveFile.NameEnd).OrderBy(f => f.Name, StringComparer.Ordinal)
                    .Select(f => new StoredArchive(f.Name, f.Length)),
            ]
            : []);

    public Task DeleteAsync(string name, CancellationToken ct)
    {
        if (Directory.Exists(folder))
        {
            File.Delete(PathOf(name));
        }

        return Task.CompletedTask;
    }

    /// <summary>Writes under a name of its own first: two banks may write at the same time.</summary>
    private async Task CreateAsync(string name, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        var unfinished = $"{PathOf(name)}.{Path.GetRandomFileName()}.partial";
        try
        {
            await using (var file = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                await file.WriteAsync(content, ct);
                file.Flush(flushToDisk: true);
            }

            File.Move(unfinished, PathOf(name), overwrite: false);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    private FileStream Open(string name)
    {
        try
        {
            return new(PathOf(name), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        }
        catch (DirectoryNotFoundException missing)
        {
            throw new FileNotFoundException(missing.Message, name);
        }
    }

    private string PathOf(string name) => Path.Combine(folder, name);
}
