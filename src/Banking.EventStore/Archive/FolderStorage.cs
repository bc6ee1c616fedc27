namespace Banking.EventStore.Archive;

/// <summary>A folder with archive files. It is created with the first file.</summary>
public sealed class FolderStorage(string folder) : IArchiveStorage
{
    private const string Unfinished = ".partial";

    public string Description => folder;

    public async Task WriteAsync(string name, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        Directory.CreateDirectory(folder);
        var unfinished = PathOf(name) + Unfinished;
        await using (var file = new FileStream(unfinished, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            await file.WriteAsync(content, ct);
            file.Flush(flushToDisk: true);
        }

        File.Move(unfinished, PathOf(name), overwrite: true);
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
                .. new DirectoryInfo(folder).EnumerateFiles("*" + ArchiveFormat.FileEnd).OrderBy(f => f.Name, StringComparer.Ordinal)
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
