namespace Banking.EventStore.Archive;

/// <summary>A file of the storage.</summary>
public sealed record StoredArchive(string Name, long Bytes);

/// <summary>The place of archive files: a folder, or a bucket. Files are written whole and never changed.</summary>
public interface IArchiveStorage
{
    /// <summary>Where the files are, for operators.</summary>
    string Description { get; }

    /// <summary>
    /// Stores a file. Either all of it is there afterwards, or none. A file that has this name already is never replaced, because several
    /// banks may share the storage.
    /// </summary>
    /// <exception cref="ArchiveDamagedException">There is a file with this name and other bytes.</exception>
    Task WriteAsync(string name, ReadOnlyMemory<byte> content, CancellationToken ct);

    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The storage cannot be read.</exception>
    Task<Stream> OpenAsync(string name, CancellationToken ct);

    /// <summary>
    /// Reads a range of bytes. It blocks, because events are read within the rows of a query, by Marten's synchronous mapping.
    /// </summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="EndOfStreamException">The file is shorter.</exception>
    /// <exception cref="IOException">The storage cannot be read.</exception>
    byte[] Read(string name, long offset, int bytes);

    Task<IReadOnlyList<StoredArchive>> ListAsync(CancellationToken ct);

    /// <summary>Deletes a file, if it exists.</summary>
    Task DeleteAsync(string name, CancellationToken ct);
}

public static class ArchiveStorageReading
{
    /// <summary>Compares a file of the storage with what is to be stored under its name.</summary>
    /// <returns>Whether it exists, and has exactly these bytes.</returns>
    /// <exception cref="ArchiveDamagedException">It has other bytes.</exception>
    public static async Task<bool> HasAsync(
        this IArchiveStorage storage, string name, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        using var found = new MemoryStream();
        try
        {
            await using var file = await storage.OpenAsync(name, ct);
            await file.CopyToAsync(found, ct);
        }
        catch (FileNotFoundException)
        {
            return false;
        }

        return found.GetBuffer().AsSpan(0, (int)found.Length).SequenceEqual(content.Span)
            ? true
            : throw new ArchiveDamagedException(
                $"{storage.Description} has a file {name} with other bytes: it is damaged. Check it, and move it away.");
    }
}
