using System.Collections.Concurrent;
using System.Text;
using Npgsql;

namespace Banking.EventStore.Archive;

/// <summary>
/// Reads single events from archive files, for the rows of the log that have the number of a file instead of their data. The blocks read
/// last are kept, so that readers in the order of positions decompress each block once. A deletion is noticed within a minute.
/// </summary>
public sealed class ArchivedEvents(NpgsqlDataSource source, IArchiveStorage storage)
{
    /// <summary>Each block has some 300 kB.</summary>
    private const int MaxBlocks = 64;

    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<int, (ManifestFile File, long ReadAt)> _files = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<(int File, int Block), LinkedListNode<Cached>> _blocks = [];
    private readonly LinkedList<Cached> _lastUsed = [];

    /// <exception cref="ArchiveDamagedException">The file does not have the event, or the manifest does not name the file.</exception>
    /// <exception cref="ArchiveDeletedException">The file was deleted by a rule.</exception>
    /// <exception cref="ArchiveUnavailableException">The file cannot be read now.</exception>
    public ArchivedEvent Find(int file, long position)
    {
        var known = _files.TryGetValue(file, out var kept) && TimeProvider.System.GetElapsedTime(kept.ReadAt) < MaxAge
            ? kept.File
            : ReadFile(file);
        var index = BlockOf(known.Footer.Blocks, position);
        return index >= 0 && Block(known, index).Find(position) is { } e
            ? e
            : throw new ArchiveDamagedException($"The archive file {known.Name} has no event at position {position}.");
    }

    /// <summary>
    /// Returns the JSON of the data of a row: from the row, or from its archive file. Null if the file was deleted by a rule.
    /// </summary>
    /// <param name="data">The data in the row.</param>
    /// <exception cref="ArchiveDamagedException">The file does not have the event, or the manifest does not name the file.</exception>
    /// <exception cref="ArchiveUnavailableException">The file cannot be read now.</exception>
    public string? TextOf(string data, bool isArchived, long position)
    {
        if (!isArchived || ArchiveManifest.FileOf(Encoding.UTF8.GetBytes(data)) is not { } file)
        {
            return data;
        }

        try
        {
            return Encoding.UTF8.GetString(Find(file, position).Data.Span);
        }
        catch (ArchiveDeletedException)
        {
            return null;
        }
    }

    private ManifestFile ReadFile(int id)
    {
        var file = ArchiveManifest.Find(source, id) ?? throw new ArchiveDamagedException($"The manifest names no archive file {id}.");
        if (file.DeletedAt is { } deletedAt)
        {
            Forget(id);
            throw new ArchiveDeletedException(file.Name, deletedAt);
        }

        _files[id] = (file, TimeProvider.System.GetTimestamp());
        return file;
    }

    /// <summary>Drops all blocks of a file.</summary>
    private void Forget(int file)
    {
        _files.TryRemove(file, out _);
        lock (_lock)
        {
            foreach (var (key, node) in _blocks.Where(b => b.Key.File == file).ToList())
            {
                _blocks.Remove(key);
                _lastUsed.Remove(node);
            }
        }
    }

    private ArchiveBlockContent Block(ManifestFile file, int index)
    {
        lock (_lock)
        {
            if (_blocks.TryGetValue((file.Id, index), out var node))
            {
                _lastUsed.Remove(node);
                _lastUsed.AddFirst(node);
                return node.Value.Content;
            }
        }

        // Two readers may read the same block at the same time: that costs less than a wait of all for each.
        var content = Read(file, file.Footer.Blocks[index]);
        lock (_lock)
        {
            if (!_blocks.ContainsKey((file.Id, index)))
            {
                _blocks[(file.Id, index)] = _lastUsed.AddFirst(new Cached((file.Id, index), content));
            }

            if (_blocks.Count > MaxBlocks)
            {
                _blocks.Remove(_lastUsed.Last!.Value.Key);
                _lastUsed.RemoveLast();
            }
        }

        return content;
    }

    private ArchiveBlockContent Read(ManifestFile file, ArchiveBlock block)
    {
        byte[] compressed;
        try
        {
            compressed = storage.Read(file.Name, block.Offset, block.Bytes);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Another host may just have deleted it.
            ReadFile(file.Id);
            throw new ArchiveUnavailableException(file.Name, storage.Description, failure);
        }

        return ArchiveBlockContent.Decompress(file.Name, compressed);
    }

    private static int BlockOf(IReadOnlyList<ArchiveBlock> blocks, long position)
    {
        var (low, high) = (0, blocks.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = blocks[middle].Position <= position ? (middle + 1, high) : (low, middle);
        }

        return low - 1;
    }

    private sealed record Cached((int File, int Block) Key, ArchiveBlockContent Content);
}

/// <summary>An archive file cannot be read now; the storage may be away, or the file was not put back after a restore.</summary>
public sealed class ArchiveUnavailableException(string file, string storage, Exception inner)
    : IOException($"The archive file {file} in {storage} cannot be read: {inner.Message}", inner)
{
    public string File { get; } = file;
}

/// <summary>An archive file was deleted by a rule, and its events with it.</summary>
public sealed class ArchiveDeletedException(string file, DateTimeOffset deletedAt)
    : Exception($"The archive file {file} was deleted by a rule, at {deletedAt:u}.")
{
    public DateTimeOffset DeletedAt { get; } = deletedAt;
}
