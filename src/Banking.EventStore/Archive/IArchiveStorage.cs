namespace Banking.EventStore.Archive;

/// <summary>A file of the storage.</summary>
public sealed record StoredArchive(string Name, long Bytes);

/// <summary>The place of archive files: a folder, or a bucket. Files are written whole and never changed.</summary>
public interface IArchiveStorage
{
    /// <summary>Where the files are, for operators.</summary>
    string Description { get; }

    /// <summary>Stores a file. Either all of it is there afterwards, or none.</summary>
    Task WriteAsync(string name, ReadOnlyMemory<byte> content, CancellationToken ct);

    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The storage cannot be read.</exception>
    Task<Stream> OpenAsync(string name, CancellationToken ct);

    /// <summary>
    /// Reads a range of bytes. It blocks, because events are read within the rows of a query, by Marten's synchronous mapping.
    /// </summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The storage cannot be read, or the file is shorter.</exception>
    byte[] Read(string name, long offset, int bytes);

    Task<IReadOnlyList<StoredArchive>> ListAsync(CancellationToken ct);

    /// <summary>Deletes a file, if it exists.</summary>
    Task DeleteAsync(string name, CancellationToken ct);
}
